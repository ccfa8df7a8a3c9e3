"""What is said to somebody before an agent writes for them, in its version."""

from django.utils.translation import gettext_lazy as _

VERSION = "1"
# Read aloud at the desk and on the phone, printed on the paper form.
SENTENCES = (
    _(
        "La Ville enregistre votre avis pour vous, dans cette consultation. Il est public, sans votre nom, et suit la charte de "
        "la participation."
    ),
    _(
        "Votre nom et votre date de naissance servent une fois, à vérifier que chacun participe une seule fois. Ils ne sont "
        "pas gardés\u00a0: il n’en reste qu’une empreinte chiffrée, effacée deux ans après son dernier usage."
    ),
    _("Votre quartier signe votre avis. Votre tranche d’âge est comptée, jamais affichée."),
    _("Vous recevez un reçu. Son numéro vous permet de suivre votre avis, ou de demander qu’il soit retiré."),
)
