"""The secret votes of campaigns, and the idea that each of their options stands for."""

import django.db.models.deletion
from django.db import migrations, models

# Which idea an option stands for is a rule of the vote: it stays once the vote is published, whoever writes.
FORWARD = """
CREATE FUNCTION voted_idea_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was bigint := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE OLD.vote_id END;
    becomes bigint := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE NEW.vote_id END;
BEGIN
    PERFORM 1 FROM ideas_campaignvote c JOIN ballots_votation v ON v.id = c.votation_id
        WHERE c.id IN (was, becomes) AND v.published_at IS NOT NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'the ideas of a published vote stay' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER voted_idea_rows BEFORE INSERT OR UPDATE OR DELETE ON ideas_votedidea
    FOR EACH ROW EXECUTE FUNCTION voted_idea_stays();

CREATE FUNCTION campaign_vote_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM ballots_votation WHERE id = OLD.votation_id AND published_at IS NOT NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'a published vote stays in its campaign' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER campaign_vote_rows BEFORE UPDATE OR DELETE ON ideas_campaignvote
    FOR EACH ROW EXECUTE FUNCTION campaign_vote_stays();
"""

BACKWARD = """
DROP TRIGGER campaign_vote_rows ON ideas_campaignvote;
DROP FUNCTION campaign_vote_stays();
DROP TRIGGER voted_idea_rows ON ideas_votedidea;
DROP FUNCTION voted_idea_stays();
"""

# What is asked and what it is between, found as the votes of consultations are, in the transaction that writes it.
SEARCHED = """
CREATE FUNCTION search_of_idea_vote(keys bigint[]) RETURNS SETOF search_text LANGUAGE sql STABLE AS $$
    SELECT l.id, v.question,
           concat_ws(' ', search_plain(v.intro), (
               SELECT string_agg(concat_ws(' ', o.label, o.description), ' ' ORDER BY o.number)
               FROM ballots_option o WHERE o.votation_id = v.id
           )),
           coalesce(v.published_at, v.created_at), ARRAY[v.reference::text], 'idea_campaign', l.campaign_id
    FROM ideas_campaignvote l JOIN ballots_votation v ON v.id = l.votation_id WHERE l.id = ANY(keys)
$$;
CREATE FUNCTION search_follow_idea_votation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_apply('idea_vote', (SELECT array_agg(id) FROM ideas_campaignvote WHERE votation_id = NEW.id));
    RETURN NULL;
END $$;
CREATE FUNCTION search_follow_idea_options() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_apply('idea_vote', (
        SELECT array_agg(DISTINCT l.id) FROM search_rows r JOIN ideas_campaignvote l ON l.votation_id = r.votation_id
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER search_added AFTER INSERT ON ideas_campaignvote
    REFERENCING NEW TABLE AS search_rows FOR EACH STATEMENT EXECUTE FUNCTION search_follow('idea_vote', 'id');
CREATE TRIGGER search_removed AFTER DELETE ON ideas_campaignvote
    REFERENCING OLD TABLE AS search_rows FOR EACH STATEMENT EXECUTE FUNCTION search_follow('idea_vote', 'id');
CREATE TRIGGER search_idea_changed AFTER UPDATE OF question, intro, published_at ON ballots_votation
    FOR EACH ROW EXECUTE FUNCTION search_follow_idea_votation();
CREATE TRIGGER search_idea_part_added AFTER INSERT ON ballots_option
    REFERENCING NEW TABLE AS search_rows FOR EACH STATEMENT EXECUTE FUNCTION search_follow_idea_options();
CREATE TRIGGER search_idea_part_changed AFTER UPDATE ON ballots_option
    REFERENCING NEW TABLE AS search_rows FOR EACH STATEMENT EXECUTE FUNCTION search_follow_idea_options();
CREATE TRIGGER search_idea_part_removed AFTER DELETE ON ballots_option
    REFERENCING OLD TABLE AS search_rows FOR EACH STATEMENT EXECUTE FUNCTION search_follow_idea_options();
"""

SEARCHED_BACK = """
DROP TRIGGER search_idea_part_removed ON ballots_option;
DROP TRIGGER search_idea_part_changed ON ballots_option;
DROP TRIGGER search_idea_part_added ON ballots_option;
DROP TRIGGER search_idea_changed ON ballots_votation;
DROP TRIGGER search_removed ON ideas_campaignvote;
DROP TRIGGER search_added ON ideas_campaignvote;
DROP FUNCTION search_follow_idea_options();
DROP FUNCTION search_follow_idea_votation();
DROP FUNCTION search_of_idea_vote(bigint[]);
DELETE FROM search_document WHERE kind = 'idea_vote';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ballots', '0004_budgets'),
        ('ideas', '0003_rules_and_facts_stay'),
        ('search', '0001_search'),
    ]

    operations = [
        migrations.CreateModel(
            name='CampaignVote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='vote_links', to='ideas.campaign')),
                ('votation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='campaign_link', to='ballots.votation')),
            ],
            options={
                'verbose_name': 'vote d’une campagne',
                'verbose_name_plural': 'votes des campagnes',
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='VotedIdea',
            fields=[
                ('option', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='voted_idea', serialize=False, to='ballots.option')),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='voted_places', to='ideas.idea')),
                ('vote', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='voted_ideas', to='ideas.campaignvote')),
            ],
            options={
                'verbose_name': 'idée soumise au vote',
                'verbose_name_plural': 'idées soumises au vote',
                'constraints': [models.UniqueConstraint(fields=('vote', 'idea'), name='voted_idea_once')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunSQL(SEARCHED, SEARCHED_BACK),
    ]
