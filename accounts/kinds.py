"""The mails about an account: all of them service messages, each about the person themselves."""

from django.utils.translation import gettext_lazy as _

from notifications import kinds

KINDS = kinds.services(
    "accounts",
    (
        ("sign_up_code", _("Code d’inscription"), _("Le code qui confirme votre adresse.")),
        ("sign_in_code", _("Code de connexion"), _("Le code qui ouvre votre compte.")),
        ("email_code", _("Code de nouvelle adresse"), _("Le code qui confirme une nouvelle adresse.")),
        ("password_code", _("Code de mot de passe"), _("Le code pour choisir un nouveau mot de passe.")),
        ("account_already_exists", _("Compte déjà ouvert"), _("Votre adresse a déjà un compte.")),
        ("unknown_account", _("Adresse sans compte"), _("Cette adresse n’a pas de compte.")),
        ("email_changed", _("Adresse changée"), _("L’adresse de votre compte a changé.")),
        ("password_changed", _("Mot de passe changé"), _("Votre mot de passe a changé.")),
        ("recovery_codes_generated", _("Codes de secours"), _("De nouveaux codes de secours ont été faits.")),
        ("second_factor_added", _("Deuxième facteur ajouté"), _("Un deuxième facteur protège votre compte.")),
        ("second_factor_removed", _("Deuxième facteur retiré"), _("Un deuxième facteur a été retiré.")),
        ("new_device", _("Nouvel appareil"), _("Votre compte s’est ouvert depuis un appareil inconnu.")),
        ("franceconnect_linked", _("FranceConnect relié"), _("Votre compte est relié à FranceConnect.")),
        ("franceconnect_unlinked", _("FranceConnect délié"), _("Votre compte n’est plus relié à FranceConnect.")),
        ("franceconnect_link_first", _("Compte à relier"), _("Connectez-vous d’abord pour relier FranceConnect.")),
        ("residency_verified", _("Résidence vérifiée"), _("Un agent a vérifié votre quartier.")),
        ("residency_refused", _("Résidence non vérifiée"), _("Un agent n’a pas pu vérifier votre quartier.")),
        ("role_granted", _("Rôle donné"), _("Un rôle vous a été donné.")),
        ("role_revoked", _("Rôle retiré"), _("Un rôle vous a été retiré.")),
        ("account_suspended", _("Compte suspendu"), _("Votre compte est suspendu, et pourquoi.")),
        ("account_reopened", _("Compte rouvert"), _("Votre compte est rouvert.")),
        ("account_closed", _("Compte fermé"), _("Votre compte est fermé.")),
        ("data_ready", _("Copie de vos données"), _("La copie de vos données est prête.")),
    ),
)
