"""What Tortoise cannot declare: announced changes (`NOTIFY tzurot, 'table:id'`), and how records are stored."""

from __future__ import annotations

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tzurot", "0001_initial")]

    operations = [
        ops.RunSQL(
            [
                "CREATE FUNCTION announce() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " PERFORM pg_notify('tzurot', TG_TABLE_NAME || ':' || coalesce(NEW.id, OLD.id));"
                " RETURN NULL; END $$",
                "CREATE FUNCTION announce_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " PERFORM pg_notify('tzurot', TG_TABLE_NAME); RETURN NULL; END $$",
                # lines and memories are added all the time, and whoever caches them looks for what is new
                "CREATE TRIGGER announce AFTER UPDATE OR DELETE ON messages"
                " FOR EACH STATEMENT EXECUTE FUNCTION announce_all()",
                "CREATE TRIGGER announce AFTER UPDATE OR DELETE ON memories"
                " FOR EACH STATEMENT EXECUTE FUNCTION announce_all()",
                # compressing a prompt costs more than keeping it the few days it is kept
                "ALTER TABLE flights ALTER COLUMN record SET STORAGE EXTERNAL",
                "CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON characters"
                " FOR EACH ROW EXECUTE FUNCTION announce()",
                "CREATE TRIGGER announce AFTER UPDATE OR DELETE ON personas FOR EACH ROW EXECUTE FUNCTION announce()",
            ],
            reverse_sql=[
                "DROP TRIGGER announce ON personas",
                "DROP TRIGGER announce ON characters",
                "DROP TRIGGER announce ON messages",
                "DROP TRIGGER announce ON memories",
                "DROP FUNCTION announce_all()",
                "DROP FUNCTION announce()",
            ],
        ),
    ]
