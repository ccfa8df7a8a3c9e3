"""Following what one said at the desk, on paper or on the phone, with one's receipt."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from desk.forms import FollowForm
from desk.models import Receipt
from mulhouse.access import public
from mulhouse.templatetags import ui


@public
@never_cache
@require_safe
def follow(request: HttpRequest) -> HttpResponse:
    """Lead from the number of a receipt, or a public reference, to the page where the city answers.

    The number is the key that withdraws a text at the desk: it is never told to who brings the public reference.
    """
    asked = "reference" in request.GET
    form = FollowForm(request.GET if asked else None)
    receipt = None
    if form.is_valid():
        reference = form.cleaned_data["reference"]
        receipt = Receipt.objects.filter(Q(number=reference) | Q(reference=reference)).order_by("pk").first()
        if receipt is None:
            form.add_error(
                "reference", _("Aucun reçu n’a ce numéro. Vérifiez-le sur le papier, ou demandez au guichet.")
            )
    failed = asked and receipt is None
    has_number = receipt is not None and receipt.number == form.cleaned_data.get("reference")
    context = {
        "form": form,
        "receipt": receipt,
        "has_number": has_number,
        "crumbs": [ui.Crumb(_("Suivre avec mon reçu"))],
    }
    return render(request, "desk/follow.html", context, status=422 if failed else 200)
