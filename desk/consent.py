"""What is said to somebody before an agent writes for them, in its version; in French, as everything at the desk and on paper.

It differs by what is written: an opinion and an idea are public, answers and supports are counted, a ballot is nobody's.
"""

from desk.models import Act

VERSION = "2"
# Whatever is written.
IDENTITY = (
    "Votre nom et votre date de naissance servent une fois, à vérifier que chacun participe une seule fois. Ils ne sont pas "
    "gardés\u00a0: il n’en reste qu’une empreinte chiffrée, effacée deux ans après son dernier usage."
)
# Read aloud at the desk and on the phone, printed on the paper form.
SENTENCES = {
    Act.CONTRIBUTION: (
        (
            "La Ville enregistre votre avis pour vous, dans cette consultation. Il est public, sans votre nom, et suit la charte de "
            "la participation."
        ),
        IDENTITY,
        "Votre quartier signe votre avis. Votre tranche d’âge est comptée, jamais affichée.",
        "Vous recevez un reçu. Son numéro vous permet de suivre votre avis, ou de demander qu’il soit retiré.",
    ),
    Act.ANSWERS: (
        (
            "La Ville enregistre vos réponses pour vous. Elles ne sont pas publiques une par une\u00a0: les résultats sont publiés en "
            "chiffres, sans nom. Des agents lisent les textes libres\u00a0; un texte n’est rendu public qu’après leur relecture, sans nom."
        ),
        IDENTITY,
        "Votre quartier et votre tranche d’âge sont comptés. Aucun fichier ne les donne à côté de vos réponses.",
        "Vous recevez un reçu. Il dit que vous avez répondu, pas ce que vous avez répondu.",
    ),
    Act.VOTE: (
        (
            "La Ville note que vous avez voté, pour que chacun vote une fois. Personne ne sait ce que vous votez\u00a0: vous remplissez "
            "le bulletin sans témoin, et le mettez vous-même dans l’urne."
        ),
        IDENTITY,
        "Votre quartier et votre tranche d’âge comptent parmi les participants, jamais avec un bulletin.",
        "Vous recevez un reçu. Il dit que vous avez voté, pas ce que vous avez voté.",
    ),
    Act.IDEA: (
        (
            "La Ville publie votre idée pour vous. Elle est publique, suit la charte de la participation, et les habitants "
            "peuvent la soutenir."
        ),
        IDENTITY,
        (
            "Votre quartier signe votre idée, ou le nom public que vous donnez. Si un compte est rattaché à votre identité, votre "
            "idée s’y ajoute."
        ),
        "Vous recevez un reçu. Son numéro vous permet de suivre votre idée, ou de demander qu’elle soit retirée.",
    ),
    Act.SUPPORT: (
        "La Ville compte votre soutien à une idée, une fois par personne. Personne ne voit qui soutient quoi.",
        IDENTITY,
        "Vous pouvez retirer votre soutien au guichet, avec votre pièce d’identité, tant que l’idée en recueille.",
    ),
}
