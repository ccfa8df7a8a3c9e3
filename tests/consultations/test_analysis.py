"""Agents sort opinions in themes, group them, note and prepare decisions: who may, what it changes, what it never does."""

import threading

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from consultations import actions, analysis, coverage, items, neighbours, outcomes
from consultations.admin import analysis as admin_analysis
from consultations.models import AnalysisTheme, Comment, Contribution, Item, ItemOutcome, ItemTheme, Note
from consultations.places import Place
from mulhouse.errors import DomainError, RefusedError
from mulhouse.references import new_reference
from tests import factories as f
from tests.consultations.test_places import check
from tests.moderation.deciding import take_away
from transparency.models import RegisterLine

ANALYST = (
    "consultations.analyse_consultation",
    "consultations.publish_consultation",
    "consultations.change_consultation",
)


def page(route, consultation, *args):
    return reverse(f"admin:consultations_consultation_{route}", args=[consultation.pk, *args])


def town(count=3, **fields):
    consultation = f.make_consultation(phase="analyse")
    return consultation, [f.make_item(consultation=consultation, **fields) for _ in range(count)]


def refresh(item):
    return Item.objects.get(pk=item.pk)


# --- Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("permissions", [(), ("consultations.change_consultation", "moderation.decide_case")])
def test_nobody_else_analyses(permissions):
    consultation, (item, other, _last) = town()
    theme = f.make_analysis_theme(consultation=consultation)
    intruder, at = f.make_staff(*permissions), timezone.now()
    words, decided = analysis.Words(title="Bancs"), analysis.Decided("kept", "Oui.")
    gestures = [
        lambda: analysis.create_theme(actor=intruder, consultation=consultation, words=words),
        lambda: analysis.save_theme(actor=intruder, theme=theme, words=words, decided=decided, seen=1),
        lambda: analysis.merge_theme(actor=intruder, theme=theme, into=theme, seen=1, at=at),
        lambda: analysis.delete_theme(actor=intruder, theme=theme, seen=1),
        lambda: analysis.attach(actor=intruder, theme=theme, keys=[item.pk]),
        lambda: analysis.detach(actor=intruder, theme=theme, keys=[item.pk], at=at),
        lambda: analysis.save_item(actor=intruder, item=item, themes=[], decided=decided, seen=1, at=at),
        lambda: analysis.group(actor=intruder, root=item, keys=[other.pk], at=at),
        lambda: analysis.ungroup(actor=intruder, item=item, at=at),
        lambda: analysis.add_note(actor=intruder, about=item, body="Note", at=at),
        lambda: analysis.collect_answers(actor=intruder, consultation=consultation, at=at),
        lambda: analysis.mark_proposal(
            actor=intruder, comment=f.make_comment(contribution=item.contribution), is_proposal=True
        ),
        lambda: outcomes.publish(actor=intruder, consultation=consultation, at=at),
    ]
    for gesture in gestures:
        with pytest.raises(RefusedError):
            gesture()
    assert (ItemTheme.objects.count(), Note.objects.count(), ItemOutcome.objects.count()) == (0, 0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "status"), [("visitor", 302), ("resident", 302), ("editor", 403), ("moderator", 403), ("analyst", 200)]
)
def test_pages_are_for_analysts(client, who, status):
    consultation, (item, *_rest) = town()
    theme = f.make_analysis_theme(consultation=consultation, members=[item])
    people = {
        "resident": f.make_resident,
        "editor": lambda: f.make_staff("consultations.change_consultation"),
        "moderator": lambda: f.make_staff("moderation.view_case", "consultations.view_contribution"),
        "analyst": lambda: f.make_staff(*ANALYST),
    }
    if who in people:
        f.sign_in(client, people[who]())
    for url in (
        page("analysis", consultation),
        page("analysis_item", consultation, item.reference),
        page("analysis_themes", consultation),
        page("analysis_theme", consultation, theme.reference),
    ):
        assert client.get(url).status_code == status


# --- Public answers: who publishes -----------------------------------------------------------------------------------


def answered():
    """Two opinions of a theme whose answer is public, and one that waits."""
    consultation, found = town()
    publisher = f.make_staff(*ANALYST)
    theme = f.make_analysis_theme(consultation=consultation, members=found[:2], **f.READY)
    outcomes.publish(actor=publisher, consultation=consultation, at=timezone.now())
    return publisher, theme, [refresh(item) for item in found]


def held():
    """What is public: each opinion with the answers it holds."""
    return sorted(ItemOutcome.objects.current().values_list("item", "outcome"))


GIVING_OR_ENDING = {
    "group with an answered one": lambda actor, theme, rows, at: analysis.group(
        actor=actor, root=rows[0], keys=[rows[2].pk], at=at
    ),
    "group an answered one": lambda actor, theme, rows, at: analysis.group(
        actor=actor, root=rows[2], keys=[rows[0].pk], at=at
    ),
    "detach": lambda actor, theme, rows, at: analysis.detach(actor=actor, theme=theme, keys=[rows[0].pk], at=at),
    "save": lambda actor, theme, rows, at: analysis.save_item(
        actor=actor, item=rows[0], themes=[], decided=analysis.Decided(), seen=rows[0].version, at=at
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("gesture", GIVING_OR_ENDING.values(), ids=GIVING_OR_ENDING)
def test_only_who_publishes_gives_or_ends_a_public_answer(gesture):
    publisher, theme, rows = answered()
    before, lines, links = held(), RegisterLine.objects.count(), ItemTheme.objects.count()
    with pytest.raises(RefusedError, match="droit de publier"):
        gesture(f.make_staff("consultations.analyse_consultation"), theme, rows, timezone.now())
    assert (held(), RegisterLine.objects.count(), ItemTheme.objects.count()) == (before, lines, links)
    gesture(publisher, theme, rows, timezone.now())
    assert held() != before
    assert RegisterLine.objects.filter(act__in=("outcome.ended", "opinion.grouped")).exists()


@pytest.mark.django_db
def test_only_who_publishes_takes_an_answered_opinion_out_of_its_group():
    publisher, _theme, (one, _two, three) = answered()
    analysis.group(actor=publisher, root=one, keys=[three.pk], at=timezone.now())
    before = held()
    with pytest.raises(RefusedError, match="droit de publier"):
        analysis.ungroup(
            actor=f.make_staff("consultations.analyse_consultation"), item=refresh(three), at=timezone.now()
        )
    assert (held(), refresh(three).place) == (before, Place.GROUPED)
    analysis.ungroup(actor=publisher, item=refresh(three), at=timezone.now())
    line = RegisterLine.objects.get(act="outcome.ended")
    assert three.reference in line.content
    check(one.consultation)


@pytest.mark.django_db
def test_analysts_go_on_with_what_is_not_public():
    """Where no answer is public, sorting and grouping ask for no other right."""
    consultation, (one, two, three) = town()
    analyst, at = f.make_staff("consultations.analyse_consultation"), timezone.now()
    theme = f.make_analysis_theme(consultation=consultation, members=[one], **f.READY)
    assert analysis.group(actor=analyst, root=one, keys=[two.pk], at=at) == 1
    assert analysis.attach(actor=analyst, theme=theme, keys=[three.pk]) == 1
    assert analysis.detach(actor=analyst, theme=theme, keys=[one.pk], at=at) == 1
    analysis.ungroup(actor=analyst, item=refresh(two), at=at)
    assert not RegisterLine.objects.filter(act="outcome.ended").exists()
    check(consultation)


@pytest.mark.django_db
def test_grouping_gives_what_the_head_holds_and_nothing_more():
    """A head that joined a theme after its answer waits for the next publication: so do those grouped with it."""
    publisher, theme, (_one, _two, three) = answered()
    newcomer = f.make_item(consultation=three.consultation)
    analysis.attach(actor=publisher, theme=theme, keys=[three.pk])
    analysis.group(actor=publisher, root=refresh(three), keys=[newcomer.pk], at=timezone.now())
    assert [outcomes.of_item(refresh(item)) for item in (three, newcomer)] == [[], []]
    outcomes.publish(actor=publisher, consultation=three.consultation, at=timezone.now(), themes=[theme.pk])
    assert [len(outcomes.of_item(refresh(item))) for item in (three, newcomer)] == [1, 1]


@pytest.mark.django_db
def test_members_lose_the_answer_that_their_head_loses():
    publisher, theme, (one, _two, three) = answered()
    analysis.group(actor=publisher, root=one, keys=[three.pk], at=timezone.now())
    analysis.detach(actor=publisher, theme=theme, keys=[one.pk], at=timezone.now())
    assert [outcomes.of_item(refresh(item)) for item in (one, three)] == [[], []]
    check(one.consultation)


# --- Themes ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_two_themes_never_share_a_title():
    consultation, _items = town(0)
    agent = f.make_staff(*ANALYST)
    analysis.create_theme(actor=agent, consultation=consultation, words=analysis.Words(title="  Plus   de bancs "))
    with pytest.raises(DomainError, match="porte déjà ce titre"):
        analysis.create_theme(actor=agent, consultation=consultation, words=analysis.Words(title="plus de BANCS"))
    assert list(AnalysisTheme.objects.values_list("title", flat=True)) == ["Plus de bancs"]


@pytest.mark.django_db
def test_attaching_twice_counts_once():
    consultation, found = town()
    agent, theme = f.make_staff(*ANALYST), f.make_analysis_theme(consultation=consultation)
    keys = [item.pk for item in found]
    assert analysis.attach(actor=agent, theme=theme, keys=keys) == 3
    assert analysis.attach(actor=agent, theme=theme, keys=keys) == 0
    assert analysis.detach(actor=agent, theme=theme, keys=keys[:1], at=timezone.now()) == 1
    assert ItemTheme.objects.count() == 2
    check(consultation)


@pytest.mark.django_db
def test_merging_moves_opinions_notes_and_what_was_prepared():
    consultation, (one, two, three) = town()
    agent = f.make_staff(*ANALYST)
    old = f.make_analysis_theme(consultation=consultation, members=[one, two], **f.READY)
    kept = f.make_analysis_theme(consultation=consultation, members=[two, three])
    analysis.add_note(actor=agent, about=old, body="À dire aux élus.", at=timezone.now())
    analysis.merge_theme(actor=agent, theme=old, into=kept, seen=1, at=timezone.now())
    kept.refresh_from_db()
    assert set(ItemTheme.objects.values_list("theme", "item")) == {(kept.pk, item.pk) for item in (one, two, three)}
    assert (kept.is_ready, AnalysisTheme.objects.count()) == (True, 1)
    assert [note.body for note in kept.notes.all()] == [
        "À dire aux élus.",
        f"Gardé du thème «\u00a0{old.title}\u00a0», fusionné ici.\nTitre public\u00a0: {old.public_title}",
    ]


@pytest.mark.django_db
def test_merging_keeps_as_a_note_what_the_other_theme_has_already():
    consultation, _found = town(0)
    agent = f.make_staff(*ANALYST)
    old = f.make_analysis_theme(
        consultation=consultation,
        title="Bancs",
        draft_decision="forwarded",
        draft_forwarded_to="Mulhouse Alsace",
        draft_explanation="À voir.",
    )
    kept = f.make_analysis_theme(consultation=consultation, **f.READY)
    analysis.merge_theme(actor=agent, theme=old, into=kept, seen=1, at=timezone.now())
    kept.refresh_from_db()
    assert kept.draft_explanation == f.READY["draft_explanation"]
    assert Note.objects.get().body.split("\n") == [
        "Gardé du thème «\u00a0Bancs\u00a0», fusionné ici.",
        "Titre public\u00a0: Bancs",
        "Décision préparée\u00a0: Transmis",
        "Transmis à\u00a0: Mulhouse Alsace",
        "Explication préparée\u00a0: À voir.",
    ]


@pytest.mark.django_db
def test_merging_takes_the_words_as_they_are_now():
    """The page was read before a colleague wrote: nothing goes under an old version, nothing of the new one is lost."""
    consultation, _found = town(0)
    agent = f.make_staff(*ANALYST)
    old, kept = (f.make_analysis_theme(consultation=consultation) for _twice in range(2))
    words = analysis.Words(title="Bancs", public_summary="Des bancs.")
    decided = analysis.Decided("kept", "Oui, dix bancs.")
    analysis.save_theme(actor=agent, theme=old, words=words, decided=decided, seen=1)
    for gesture in (
        lambda: analysis.merge_theme(actor=agent, theme=old, into=kept, seen=1, at=timezone.now()),
        lambda: analysis.delete_theme(actor=agent, theme=kept, seen=7),
    ):
        with pytest.raises(DomainError) as caught:
            gesture()
        assert caught.value.code == "stale"
    analysis.merge_theme(actor=agent, theme=old, into=kept, seen=2, at=timezone.now())
    kept.refresh_from_db()
    assert kept.draft_explanation == "Oui, dix bancs."
    assert "Ce qui est demandé\u00a0: Des bancs." in Note.objects.get().body


@pytest.mark.django_db
@pytest.mark.parametrize("work", [{"draft_explanation": "Oui."}, {"public_summary": "Des bancs."}, None])
def test_a_theme_with_the_work_of_an_agent_is_not_deleted(work):
    consultation, _found = town(0)
    agent, theme = f.make_staff(*ANALYST), f.make_analysis_theme(consultation=consultation, **(work or {}))
    if work is None:
        analysis.add_note(actor=agent, about=theme, body="À garder.", at=timezone.now())
    with pytest.raises(RefusedError) as caught:
        analysis.delete_theme(actor=agent, theme=theme, seen=1)
    assert (caught.value.code, AnalysisTheme.objects.count()) == ("worked", 1)


@pytest.mark.django_db
def test_an_empty_theme_is_deleted_and_its_opinions_stay():
    consultation, (one, *_rest) = town()
    agent, theme = f.make_staff(*ANALYST), f.make_analysis_theme(consultation=consultation, members=[one])
    analysis.delete_theme(actor=agent, theme=theme, seen=1)
    assert (AnalysisTheme.objects.count(), Item.objects.count(), ItemTheme.objects.count()) == (0, 3, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("gesture", ["supprimer", "fusionner"])
def test_a_theme_goes_on_purpose_only(client, gesture):
    consultation, _found = town(0)
    theme, other = (f.make_analysis_theme(consultation=consultation) for _twice in range(2))
    f.sign_in(client, f.make_staff(*ANALYST))
    address = page("analysis_theme", consultation, theme.reference)
    sent = {"geste": gesture, "suppression-seen": "1", "fusion-seen": "1", "fusion-into": other.reference}
    assert "Cochez la case pour confirmer." in client.post(address, sent, follow=True).content.decode()
    assert AnalysisTheme.objects.count() == 2
    sure = {**sent, "suppression-sure": "on", "fusion-sure": "on"}
    assert client.post(address, sure).status_code == 302
    assert list(AnalysisTheme.objects.all()) == [other]


@pytest.mark.django_db
def test_page_of_a_theme_with_work_offers_to_merge_and_says_why_not_to_delete(client):
    consultation, _found = town(0)
    theme, _other = (f.make_analysis_theme(consultation=consultation, draft_explanation="Oui.") for _twice in range(2))
    f.sign_in(client, f.make_staff(*ANALYST))
    shown = client.get(page("analysis_theme", consultation, theme.reference)).content.decode()
    assert ('value="fusionner"' in shown, 'value="supprimer"' in shown) == (True, False)
    assert "il ne se supprime pas" in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("route", "sent"),
    [
        ("analysis_theme", {"geste": "enregistrer", "seen": "1", "title": "Bancs", "explanation": "Dix <b>bancs</b>."}),
        ("analysis_theme", {"geste": "noter", "note-body": "Dix <b>bancs</b>."}),
        ("analysis_item", {"geste": "enregistrer", "seen": "1", "explanation": "Dix <b>bancs</b>."}),
    ],
)
def test_text_typed_for_what_went_away_is_given_back(client, route, sent):
    consultation, _found = town(0)
    f.sign_in(client, f.make_staff(*ANALYST))
    address = page(route, consultation, new_reference())
    response = client.post(address, sent)
    assert (response.status_code, "Dix &lt;b&gt;bancs&lt;/b&gt;." in response.content.decode()) == (409, True)
    assert (client.get(address).status_code, client.post(address, {"geste": "publier"}).status_code) == (404, 404)


@pytest.mark.django_db
def test_what_goes_away_between_reading_and_writing_is_said():
    consultation, (one, *_rest) = town(1)
    agent, theme, at = f.make_staff(*ANALYST), f.make_analysis_theme(consultation=consultation), timezone.now()
    AnalysisTheme.objects.filter(pk=theme.pk).delete()
    Item.objects.filter(pk=one.pk).delete()
    decided = analysis.Decided()
    gestures = [
        lambda: analysis.save_theme(actor=agent, theme=theme, words=analysis.Words("Bancs"), decided=decided, seen=1),
        lambda: analysis.attach(actor=agent, theme=theme, keys=[]),
        lambda: analysis.add_note(actor=agent, about=theme, body="Note", at=at),
        lambda: analysis.add_note(actor=agent, about=one, body="Note", at=at),
        lambda: analysis.save_item(actor=agent, item=one, themes=[], decided=decided, seen=1, at=at),
    ]
    for gesture in gestures:
        with pytest.raises(DomainError) as caught:
            gesture()
        assert caught.value.code == "removed"


@pytest.mark.django_db
@pytest.mark.parametrize("work", ["note", "draft"])
def test_a_proposal_with_the_work_of_an_agent_stays_one(work):
    _consultation, (one, *_rest) = town(1)
    agent, comment = f.make_staff(*ANALYST), f.make_comment(contribution=one.contribution)
    analysis.mark_proposal(actor=agent, comment=comment, is_proposal=True)
    item = Item.objects.get(comment=comment)
    if work == "note":
        analysis.add_note(actor=agent, about=item, body="À garder.", at=timezone.now())
    else:
        Item.objects.filter(pk=item.pk).update(draft_explanation="Oui.")
    with pytest.raises(RefusedError) as caught:
        analysis.mark_proposal(actor=agent, comment=comment, is_proposal=False)
    assert (caught.value.code, Item.objects.filter(comment=comment).count()) == ("worked", 1)


@pytest.mark.django_db
def test_a_theme_with_a_public_answer_is_neither_absorbed_nor_deleted():
    consultation, (one, *_rest) = town()
    agent = f.make_staff(*ANALYST)
    theme = f.make_analysis_theme(consultation=consultation, members=[one], **f.READY)
    other = f.make_analysis_theme(consultation=consultation)
    outcomes.publish(actor=agent, consultation=consultation, at=timezone.now())
    with pytest.raises(RefusedError, match="réponse publiée"):
        analysis.merge_theme(actor=agent, theme=theme, into=other, seen=1, at=timezone.now())
    with pytest.raises(RefusedError, match="réponse publiée"):
        analysis.delete_theme(actor=agent, theme=theme, seen=1)


# --- Groups ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_group_has_one_head_whatever_is_asked():
    consultation, (one, two, three) = town()
    agent, at = f.make_staff(*ANALYST), timezone.now()
    analysis.group(actor=agent, root=one, keys=[two.pk], at=at)
    # Asking the member to head brings to its head; a head that joins brings its group.
    analysis.group(actor=agent, root=refresh(two), keys=[one.pk], at=at)
    analysis.group(actor=agent, root=three, keys=[one.pk], at=at)
    assert [refresh(item).grouped_with_id for item in (one, two, three)] == [three.pk, three.pk, None]
    assert coverage.of(consultation).by_place == {
        "waiting": 1,
        "answered": 0,
        "grouped": 2,
        "withdrawn": 0,
        "hidden": 0,
    }
    check(consultation)


@pytest.mark.django_db
@pytest.mark.parametrize("gone", ["withdraw", "hide"])
def test_when_the_head_goes_its_oldest_member_takes_its_place_and_keeps_the_answer(gone):
    consultation, (one, two, three) = town()
    agent, at = f.make_staff(*ANALYST), timezone.now()
    f.make_analysis_theme(consultation=consultation, members=[one], **f.READY)
    analysis.group(actor=agent, root=one, keys=[two.pk, three.pk], at=at)
    outcomes.publish(actor=agent, consultation=consultation, at=at)
    if gone == "withdraw":
        actions.withdraw(actor=one.contribution.author, contribution=one.contribution, at=at)
    else:
        take_away(one.contribution, at=at)
    heir, member = refresh(two), refresh(three)
    assert (heir.place, heir.grouped_with_id, member.grouped_with_id) == (Place.ANSWERED, None, two.pk)
    assert [row.decision for row in outcomes.of_item(member)] == ["kept"]
    check(consultation)


@pytest.mark.django_db
def test_leaving_a_group_keeps_the_answers_of_one_s_own_themes_only():
    consultation, (one, two, _three) = town()
    agent, at = f.make_staff(*ANALYST), timezone.now()
    f.make_analysis_theme(consultation=consultation, members=[one], **f.READY)
    analysis.group(actor=agent, root=one, keys=[two.pk], at=at)
    outcomes.publish(actor=agent, consultation=consultation, at=at)
    assert len(outcomes.of_item(refresh(two))) == 1
    analysis.ungroup(actor=agent, item=refresh(two), at=timezone.now())
    assert (refresh(two).place, outcomes.of_item(refresh(two))) == (Place.WAITING, [])
    # What was received is not forgotten: it has ended.
    assert len(outcomes.history(refresh(two))) == 1
    check(consultation)


# --- Proposals of the debate -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_proposal_of_the_debate_must_get_an_answer():
    consultation = f.make_consultation()
    contribution = f.make_contribution(consultation=consultation)
    comment = actions.comment(
        actor=f.make_resident(),
        contribution=contribution,
        reference=new_reference(),
        stance="for",
        body="Et une fontaine.",
        at=timezone.now(),
        is_proposal=True,
    )
    item = Item.objects.get(comment=comment)
    assert (item.kind, item.place, item.title, item.words) == (
        "comment",
        "waiting",
        "Et une fontaine.",
        "Et une fontaine.",
    )
    actions.withdraw_comment(actor=comment.author, comment=comment, at=timezone.now())
    item = refresh(item)
    assert (item.place, item.title, item.words) == ("withdrawn", "", "")


@pytest.mark.django_db
def test_marking_and_unmarking_a_proposal():
    consultation, (one, *_rest) = town(1)
    agent, comment = f.make_staff(*ANALYST), f.make_comment(contribution=one.contribution)
    for _twice in range(2):
        analysis.mark_proposal(actor=agent, comment=comment, is_proposal=True)
    assert Item.objects.filter(comment=comment).count() == 1
    analysis.mark_proposal(actor=agent, comment=comment, is_proposal=False)
    assert (Item.objects.filter(comment=comment).count(), Comment.objects.get().is_proposal) == (0, False)
    analysis.mark_proposal(actor=agent, comment=comment, is_proposal=True)
    f.make_analysis_theme(consultation=consultation, members=[Item.objects.get(comment=comment)], **f.READY)
    outcomes.publish(actor=agent, consultation=consultation, at=timezone.now())
    with pytest.raises(DomainError, match="a reçu une réponse"):
        analysis.mark_proposal(actor=agent, comment=comment, is_proposal=False)


# --- Two agents ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_two_agents_on_one_opinion_lose_nothing(client):
    """The second one reads what the first one did, keeps what they typed, and goes on from there."""
    consultation, (item, *_rest) = town()
    theme = f.make_analysis_theme(consultation=consultation, title="Bancs")
    f.sign_in(client, f.make_staff(*ANALYST))
    url = page("analysis_item", consultation, item.reference)
    seen = item.version
    first = {
        "geste": "enregistrer",
        "seen": seen,
        "themes": [theme.pk],
        "decision": "kept",
        "explanation": "Du premier.",
    }
    assert client.post(url, first).status_code == 302
    second = {"geste": "enregistrer", "seen": seen, "themes": [], "decision": "not_kept", "explanation": "Du second."}
    response = client.post(url, second)
    assert response.status_code == 422
    text = response.content.decode()
    assert "Du premier." in text
    assert "Du second." in text
    assert refresh(item).draft_explanation == "Du premier."
    assert client.post(url, {**second, "seen": refresh(item).version, "themes": [theme.pk]}).status_code == 302
    assert refresh(item).draft_explanation == "Du second."


@pytest.mark.django_db(transaction=True)
def test_of_two_agents_at_the_same_instant_one_is_told():
    _consultation, (item, *_rest) = town()
    agents, start, said = [f.make_staff(*ANALYST) for _ in range(2)], threading.Barrier(2), []

    def save(agent):
        start.wait()
        try:
            analysis.save_item(
                actor=agent,
                item=item,
                themes=[],
                decided=analysis.Decided("kept", agent.public_name),
                seen=item.version,
                at=timezone.now(),
            )
            said.append("saved")
        except DomainError as error:
            said.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(agent,)) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["saved", "stale"]


@pytest.mark.django_db(transaction=True)
def test_agents_in_bulk_and_authors_at_once_leave_everything_in_its_place():
    """Grouping, sorting and withdrawing the same opinions from six threads: no deadlock, no opinion lost."""
    consultation, found = town(12)
    agents = [f.make_staff(*ANALYST) for _ in range(4)]
    chosen = [f.make_analysis_theme(consultation=consultation, **f.READY) for _ in range(2)]
    keys, start, wrong = [item.pk for item in found], threading.Barrier(6), []

    def run(gesture):
        start.wait()
        try:
            gesture()
        except DomainError:
            pass
        except Exception as error:  # noqa: BLE001 (shown by the assertion below)
            wrong.append(repr(error))
        finally:
            connection.close()

    gestures = [
        lambda: analysis.attach(actor=agents[0], theme=chosen[0], keys=keys),
        lambda: analysis.attach(actor=agents[1], theme=chosen[1], keys=keys[::-1]),
        lambda: analysis.group(actor=agents[2], root=found[5], keys=keys[:8], at=timezone.now()),
        lambda: outcomes.publish(actor=agents[3], consultation=consultation, at=timezone.now()),
        lambda: actions.withdraw(
            actor=found[5].contribution.author, contribution=found[5].contribution, at=timezone.now()
        ),
        lambda: actions.withdraw(
            actor=found[0].contribution.author, contribution=found[0].contribution, at=timezone.now()
        ),
    ]
    threads = [threading.Thread(target=run, args=(gesture,)) for gesture in gestures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert coverage.of(consultation).by_place["withdrawn"] == 2
    check(consultation)


# --- From one opinion to the next -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_opinion_leads_to_its_neighbours_in_the_list_it_was_opened_from(client):
    consultation, found = town(4)
    theme = f.make_analysis_theme(consultation=consultation, members=[found[0], found[2], found[3]])
    f.sign_in(client, f.make_staff(*ANALYST))

    def around(item, **query):
        return client.get(page("analysis_item", consultation, item.reference), query).context["around"]

    def to(item, query=""):
        return page("analysis_item", consultation, item.reference) + query

    # The newest first, as in the list.
    assert around(found[2]) == {"before": to(found[3]), "after": to(found[1])}
    assert around(found[0]) == {"before": to(found[1]), "after": ""}
    asked = f"?theme={theme.reference}"
    assert around(found[2], theme=theme.reference) == {"before": to(found[3], asked), "after": to(found[0], asked)}
    # One that has just left the list still has its place in it.
    assert around(found[1], theme=theme.reference) == {"before": to(found[2], asked), "after": to(found[0], asked)}
    listed = client.get(page("analysis", consultation), {"theme": theme.reference}).content.decode()
    assert to(found[2], asked) in listed
    saved = {"geste": "enregistrer", "seen": found[2].version, "themes": [], "decision": "", "explanation": ""}
    assert client.post(to(found[2], asked), saved).url == to(found[2], asked)


# --- The work list ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_list_is_searched_and_filtered(client):
    consultation, _none = town(0)
    bench = f.make_item(consultation=consultation, title="Un banc à l’ombre", body="Pour s’asseoir.", kind="proposal")
    tree = f.make_item(consultation=consultation, title="Des arbres", body="Il fait chaud.")
    theme = f.make_analysis_theme(consultation=consultation, members=[bench])
    f.sign_in(client, f.make_staff(*ANALYST))
    url = page("analysis", consultation)

    def shown(**query):
        return [row["item"].pk for row in client.get(url, query).context["rows"]]

    assert shown() == [tree.pk, bench.pk]
    assert shown(q="bancs") == [bench.pk]
    assert shown(theme=theme.reference) == [bench.pk]
    assert shown(theme="sans") == [tree.pk]
    assert shown(sorte="proposal") == [bench.pk]
    assert shown(place="answered") == []


@pytest.mark.django_db
def test_bulk_gestures_from_the_list(client, monkeypatch):
    consultation, found = town(4)
    f.sign_in(client, f.make_staff(*ANALYST))
    url = page("analysis", consultation)
    two = [item.reference for item in found[:2]]
    client.post(url, {"geste": "rattacher", "nouveau": "Bancs", "avis": two})
    theme = AnalysisTheme.objects.get()
    assert theme.links.count() == 2
    client.post(url, {"geste": "rattacher", "theme": theme.reference, "tous": "oui", "question": "theme=sans"})
    assert theme.links.count() == 4
    client.post(url, {"geste": "detacher", "theme": theme.reference, "avis": two})
    assert theme.links.count() == 2
    client.post(url, {"geste": "regrouper", "tete": found[3].reference, "avis": two})
    assert refresh(found[0]).grouped_with_id == found[3].pk
    # However many the search finds, none is left out.
    monkeypatch.setattr(admin_analysis, "BATCH", 2)
    client.post(url, {"geste": "detacher", "theme": theme.reference, "tous": "oui", "question": ""})
    assert theme.links.count() == 0
    client.post(url, {"geste": "rattacher", "theme": theme.reference, "tous": "oui", "question": ""})
    assert theme.links.count() == 4
    # Nothing ticked: nothing done, and it is said.
    response = client.post(url, {"geste": "rattacher", "theme": theme.reference}, follow=True)
    assert "Cochez d’abord un avis." in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("count", [2, 5])
def test_pages_ask_the_same_number_of_queries(client, count, django_assert_num_queries):
    consultation, found = town(count, body="Un banc à l’ombre des arbres")
    for item in found:
        f.make_comment(contribution=item.contribution)
    theme = f.make_analysis_theme(consultation=consultation, members=found, **f.READY)
    f.sign_in(client, f.make_staff(*ANALYST))
    for url, queries in {
        page("analysis", consultation): 10,
        page("analysis_item", consultation, found[0].reference): 12,
        page("analysis_themes", consultation): 11,
        page("analysis_theme", consultation, theme.reference): 12,
    }.items():
        client.get(url)
        with django_assert_num_queries(queries):
            client.get(url)


@pytest.mark.django_db
def test_neighbours_say_the_same_things():
    consultation, _none = town(0)
    one = f.make_item(consultation=consultation, title="Plus de bancs à l’ombre", body="Les bancs sont au soleil.")
    near = f.make_item(consultation=consultation, title="Des bancs à l’ombre des arbres", body="On cuit.")
    f.make_item(consultation=consultation, title="Un kiosque à musique", body="Pour les fêtes.")
    elsewhere, _items = town(0)
    f.make_item(consultation=elsewhere, title="Plus de bancs à l’ombre", body="Ailleurs.")
    assert near_to(one) == [near.pk]
    theme = f.make_analysis_theme(consultation=consultation, members=[one], title="Assises")
    (found,) = neighbours.of_theme(theme)
    assert (found.pk, found.reference, found.title, found.themes) == (near.pk, near.reference, near.title, [])
    quoted = f.make_item(consultation=consultation, title="L'arbre \\ d'ici ' :*", body="& | ! ( ) <->")
    assert near_to(quoted) == [near.pk]


def near_to(item):
    return [found.pk for found in neighbours.of_item(neighbours.with_words(Item.objects.all()).get(pk=item.pk))]


@pytest.mark.django_db
def test_misspelt_titles_are_neighbours():
    consultation, _none = town(0)
    one = f.make_item(consultation=consultation, title="Fontaine Steinbach", body="Oui.")
    misspelt = f.make_item(consultation=consultation, title="Fontane Steinbac", body="Merci.")
    f.make_item(consultation=consultation, title="Un kiosque à musique", body="Pour les fêtes.")
    assert near_to(one) == [misspelt.pk]


@pytest.mark.django_db
def test_neighbours_are_found_among_five_thousand(django_assert_num_queries):
    """Among thousands that hold the same common words, those that share a rare one come first, whatever their place."""
    consultation, _none = town(0)
    first = f.make_item(consultation=consultation, title="Le samovar de la place", body="La ville et le quartier.")
    fill(consultation, 5000)
    last = f.make_item(consultation=consultation, title="Un samovar pour la place", body="La ville et le quartier.")
    with connection.cursor() as cursor:
        # What autovacuum does: the index keeps nothing aside.
        cursor.execute("SELECT gin_clean_pending_list('item_search')")
        cursor.execute("ANALYZE consultations_item")
    with django_assert_num_queries(2):
        assert near_to(last)[0] == first.pk
    assert near_to(first)[0] == last.pk
    theme = f.make_analysis_theme(consultation=consultation, members=[first], title="Samovars")
    assert neighbours.of_theme(theme)[0].pk == last.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT id FROM consultations_item WHERE consultation_id = %s AND search @@ 'samovar'::tsquery",
            [consultation.pk],
        )
        assert "item_search" in str(cursor.fetchall())


def fill(consultation, number):
    """Many opinions that hold the same words, written at once."""
    section, author, now = consultation.sections.get(), f.make_resident(), timezone.now()
    rows = Contribution.objects.bulk_create(
        Contribution(
            consultation=consultation,
            section=section,
            author=author,
            kind="opinion",
            title=f"La place et la ville {n}",
            body="Le quartier et la ville, la place et la rue.",
            published_at=now,
        )
        for n in range(number)
    )
    with transaction.atomic():
        items.write_contributions([row.pk for row in rows])
