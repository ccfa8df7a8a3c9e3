"""Forms in the site's own markup."""

from django.forms.renderers import TemplatesSetting


class PortalRenderer(TemplatesSetting):
    """Label, help, error, field, in that order, tied together for screen readers."""

    field_template_name = "forms/field.html"
