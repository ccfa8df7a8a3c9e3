"""Titles of ideas as people write them, as many different ones as are asked for, and the same idea said otherwise."""

import random
from collections.abc import Iterator


def _parted(words: str) -> list[str]:
    return words.split(", ")


VERBS = _parted(
    "planter, créer, installer, réparer, ouvrir, rénover, sécuriser, végétaliser, embellir, éclairer, aménager, agrandir, protéger, "
    "moderniser, réhabiliter, développer, prévoir, déplacer, améliorer, restaurer, transformer, équiper, partager, entretenir, "
    "nettoyer, décorer, multiplier, remplacer, imaginer, construire, remettre en état, donner vie à, repenser, garder, fleurir, "
    "couvrir, signaler, faire connaître, rendre accessible, ajouter"
)
THINGS = _parted(
    "des arbres, des bancs, une fontaine, un préau, une aire de jeux, un potager partagé, une piste cyclable, des arceaux à vélos, "
    "un composteur, une boîte à livres, un terrain de basket, la cour de l’école, la bibliothèque, le marché couvert, un kiosque, "
    "des toilettes publiques, un passage piéton, le trottoir, l’éclairage public, une fresque, un mur d’escalade, le gymnase, la piscine, "
    "la salle des fêtes, un café associatif, une ressourcerie, un atelier de réparation, des nichoirs, une mare, un verger, des ruches, "
    "un jardin de pluie, la berge du canal, le quai, un ponton, une guinguette, un cinéma en plein air, une scène, un piano, "
    "des tables de pique-nique, un boulodrome, un parc à chiens, un skatepark, des agrès, un parcours de santé, un city-stade, "
    "un abribus, la ligne de tram, un parking à vélos, des bornes de recharge, une zone trente, un rond-point, une rue aux enfants, "
    "un pédibus, la cantine, une crèche, une maison de santé, un centre social, la maison de quartier, un local pour les jeunes, "
    "une permanence d’écrivain public, des cours de français, un relais de quartier, des ateliers numériques, une épicerie solidaire, "
    "un four à pain, une cuisine commune, un lavoir, un monument, une statue, une passerelle, un escalier, une rampe, un ascenseur, "
    "des panneaux solaires, l’isolation des logements, des volets, une toiture végétale, des poubelles de tri, un point de collecte, "
    "une collecte d’encombrants, des cendriers, une brigade verte, un refuge pour animaux, des abeilles, un poulailler, une pergola, "
    "des brumisateurs, un îlot de fraîcheur, des stores, un hamac, une tyrolienne, une patinoire, une fête de quartier, un vide-grenier, "
    "un carnaval, une exposition, un musée de rue, des plaques de rue, un sentier, une forêt urbaine, une prairie fleurie, une haie"
)
PLACES = _parted(
    "rue, place, avenue, square, parc, école, gymnase, quai, impasse, allée, carrefour, passage, cité, quartier, jardin"
)
NAMES = _parted(
    "des Tilleuls, du Moulin, de la Filature, des Cerisiers, du Tisserand, de la Gare, du Château d’eau, des Lilas, du Pont-Neuf, "
    "de l’Indienne, des Imprimeurs, du Vieux-Puits, de la Verrerie, des Cigognes, du Bassin, de l’Écluse, des Bouleaux, de la Forge, "
    "du Belvédère, des Vignes, du Maréchal-Ferrant, de la Brasserie, des Roses, du Lavoir, de la Tuilerie, des Acacias, du Canal, "
    "de l’Abattoir, des Écoles, du Stade, de l’Église, du Cimetière, des Glycines, du Tramway, de la Fonderie, des Potiers, du Marché"
)
WHOM = _parted(
    "pour les enfants, pour les personnes âgées, avec les habitants, ouvert à tous, le week-end, en plein air, à l’ombre, toute l’année, "
    "pour les familles, pour les cyclistes, pour les piétons, le soir, en été, en hiver, gratuit, accessible en fauteuil, avec l’école, "
    "avec les associations, pour mieux vivre ensemble, pour moins de bruit, contre la chaleur, pour les jeunes, près de chez soi, "
    "entre voisins, en lien avec le collège, sans voiture, plus souvent, plus tard, à la place du parking, dans chaque quartier"
)
LONGEST = 120
PARTS = [one + two for one in "bcdfglmnprstv" for two in ("a", "e", "i", "o", "u", "an", "on", "eau")]
# How many streets bear a name that few others share, and how many titles name one of those.
STREETS, RARE = 8_000, 0.4


def many(chance: random.Random) -> Iterator[str]:
    """Give titles, each once: what to do, of what, often where and for whom."""
    streets = [
        name.capitalize() for name in ("".join(chance.choices(PARTS, k=chance.randint(3, 4))) for _ in range(STREETS))
    ]
    seen: set[str] = set()
    while True:
        said = [chance.choice(VERBS), chance.choice(THINGS)]
        if chance.random() < 0.8:  # noqa: PLR2004 (most say where)
            said += [chance.choice(PLACES), chance.choice(streets if chance.random() < RARE else NAMES)]
        if chance.random() < 0.6:  # noqa: PLR2004 (more than half say for whom)
            said.append(chance.choice(WHOM))
        title = " ".join(said)[:LONGEST].capitalize()
        if title not in seen:
            seen.add(title)
            yield title


def reworded(title: str, chance: random.Random) -> str:
    """Say a title otherwise: another verb, the end before the beginning, one letter wrong, other words for whom."""
    said = title.split()[1:]
    longest = max(said, key=len)
    said[said.index(longest)] = longest[:-1]
    half = len(said) // 2
    return " ".join([*said[half:], *said[:half], chance.choice(WHOM)]).capitalize()
