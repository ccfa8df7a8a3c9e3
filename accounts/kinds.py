"""The mails about an account: all of them service messages, each about the person themselves.

Their names are read by staff and in the demonstration alone: plain French.
"""

from notifications import kinds

KINDS = kinds.services(
    "accounts",
    (
        ("sign_up_code", "Code d’inscription", "Le code qui confirme votre adresse."),
        ("sign_in_code", "Code de connexion", "Le code qui ouvre votre compte."),
        ("email_code", "Code de nouvelle adresse", "Le code qui confirme une nouvelle adresse."),
        ("password_code", "Code de mot de passe", "Le code pour choisir un nouveau mot de passe."),
        ("account_already_exists", "Compte déjà ouvert", "Votre adresse a déjà un compte."),
        ("unknown_account", "Adresse sans compte", "Cette adresse n’a pas de compte."),
        ("email_changed", "Adresse changée", "L’adresse de votre compte a changé."),
        ("password_changed", "Mot de passe changé", "Votre mot de passe a changé."),
        ("recovery_codes_generated", "Codes de secours", "De nouveaux codes de secours ont été faits."),
        ("second_factor_added", "Deuxième facteur ajouté", "Un deuxième facteur protège votre compte."),
        ("second_factor_removed", "Deuxième facteur retiré", "Un deuxième facteur a été retiré."),
        ("new_device", "Nouvel appareil", "Votre compte s’est ouvert depuis un appareil inconnu."),
        ("franceconnect_linked", "FranceConnect relié", "Votre compte est relié à FranceConnect."),
        ("franceconnect_unlinked", "FranceConnect délié", "Votre compte n’est plus relié à FranceConnect."),
        ("franceconnect_link_first", "Compte à relier", "Connectez-vous d’abord pour relier FranceConnect."),
        ("residency_verified", "Résidence vérifiée", "Un agent a vérifié votre quartier."),
        ("residency_refused", "Résidence non vérifiée", "Un agent n’a pas pu vérifier votre quartier."),
        ("role_granted", "Rôle donné", "Un rôle vous a été donné."),
        ("role_revoked", "Rôle retiré", "Un rôle vous a été retiré."),
        ("account_suspended", "Compte suspendu", "Votre compte est suspendu, et pourquoi."),
        ("account_reopened", "Compte rouvert", "Votre compte est rouvert."),
        ("account_closed", "Compte fermé", "Votre compte est fermé."),
        ("data_ready", "Copie de vos données", "La copie de vos données est prête."),
    ),
)
