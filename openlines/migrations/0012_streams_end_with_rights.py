"""A change of what rights hang on ends the event streams that were opened by them (``live/__init__.py``)."""

from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION openlines_drop_holder(dropped text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO openlines_livedrop (holder, at, xid)
    VALUES (dropped, clock_timestamp(), pg_current_xact_id()::text::bigint);
    PERFORM pg_notify(
        'openlines_live',
        json_build_object(
            'at', extract(epoch FROM clock_timestamp()),
            'signals', json_build_array(
                json_build_array(
                    json_build_array(dropped), 'drop', json_build_object('xid', pg_current_xact_id()::text)
                )
            )
        )::text
    );
END $$;

-- Arguments: the holders' letter, and the column with their number; where it is empty, or none is named: all employees.
CREATE FUNCTION openlines_drop_of_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM openlines_drop_holder(found.holder) FROM (
        SELECT DISTINCT coalesce(TG_ARGV[0] || (side.content ->> TG_ARGV[1]), 'e*') AS holder
        FROM (VALUES (to_jsonb(OLD)), (to_jsonb(NEW))) AS side (content)
        WHERE side.content IS NOT NULL
    ) AS found;
    RETURN NULL;
END $$;

CREATE FUNCTION openlines_drop_of_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM openlines_drop_holder('k' || id) FROM openlines_connection WHERE line_id = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION openlines_drop_of_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM openlines_drop_holder(
        's' || left(encode(sha256(convert_to(OLD.session_key, 'UTF8')), 'hex'), 32)
    );
    RETURN NULL;
END $$;
"""


def _trigger(table: str, name: str, events: str, act: str, when: str = "") -> tuple[str, str]:
    condition = f" WHEN ({when})" if when else ""
    return (
        f"CREATE TRIGGER live_{name} AFTER {events} ON {table} FOR EACH ROW{condition} EXECUTE FUNCTION {act}",
        f"DROP TRIGGER live_{name} ON {table}",
    )


def _changed(*columns: str) -> str:
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


def _of_row(*arguments: str) -> str:
    said = ", ".join(f"'{argument}'" for argument in arguments)
    return f"openlines_drop_of_row({said})"


ANY = "INSERT OR UPDATE OR DELETE"
TRIGGERS = [
    _trigger(
        "staff_employee",
        "changed",
        "UPDATE",
        _of_row("e", "id"),
        _changed("is_active", "is_superuser", "is_staff", "password", "department_id"),
    ),
    _trigger("staff_employee", "deleted", "DELETE", _of_row("e", "id")),
    _trigger("staff_employee_groups", "any", ANY, _of_row("e", "employee_id")),
    _trigger("staff_employee_user_permissions", "any", ANY, _of_row("e", "employee_id")),
    _trigger("staff_rolebinding", "any", ANY, _of_row("e", "employee_id")),
    _trigger("staff_rolegrant", "any", ANY, _of_row()),
    _trigger("staff_department", "changed", "UPDATE", _of_row(), _changed("parent_id", "head_id")),
    _trigger("staff_department", "deleted", "DELETE", _of_row()),
    _trigger("auth_group_permissions", "any", ANY, _of_row()),
    _trigger("guardian_userobjectpermission", "any", ANY, _of_row("e", "user_id")),
    _trigger("guardian_groupobjectpermission", "any", ANY, _of_row()),
    _trigger("openlines_queueentry", "added", "INSERT OR DELETE", _of_row("e", "employee_id")),
    _trigger(
        "openlines_queueentry",
        "changed",
        "UPDATE",
        _of_row("e", "employee_id"),
        _changed("line_id", "employee_id", "department_id"),
    ),
    _trigger("django_session", "ended", "DELETE", "openlines_drop_of_session()", "OLD.expire_date > now()"),
    _trigger("openlines_client", "deleted", "DELETE", _of_row("c", "id")),
    _trigger(
        "openlines_connection",
        "changed",
        "UPDATE",
        _of_row("k", "id"),
        _changed("is_active", "line_id", "public_id"),
    ),
    _trigger("openlines_connection", "deleted", "DELETE", _of_row("k", "id")),
    _trigger(
        "openlines_openline",
        "changed",
        "UPDATE",
        "openlines_drop_of_line()",
        _changed("is_active", "deleting_since"),
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("openlines", "0011_what_kills_its_process"),
        ("staff", "0006_folded_search"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("guardian", "0001_initial"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LiveDrop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("holder", models.CharField(max_length=40)),
                ("at", models.DateTimeField()),
                ("xid", models.BigIntegerField()),
            ],
            options={"indexes": [models.Index(fields=["at"], name="live_drop_at")]},
        ),
        migrations.RunSQL(
            FUNCTIONS,
            "DROP FUNCTION openlines_drop_of_session, openlines_drop_of_line, openlines_drop_of_row,"
            " openlines_drop_holder",
        ),
        *(migrations.RunSQL(make, remove) for make, remove in TRIGGERS),
    ]
