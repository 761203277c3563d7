"""The ready roles of §12, and free space on the pages of the presence table."""

from django.db import migrations

ALL, DEPARTMENT, OWN = 3, 2, 1

ROLES = {
    ("administrator", "Administrator"): {
        "lines_see": ALL,
        "lines_change": ALL,
        "connections_change": ALL,
        "dialogs_see": ALL,
        "dialogs_history": ALL,
        "dialogs_start_spam": ALL,
        "dialogs_join": ALL,
        "supervisor_rating": ALL,
        "reports": ALL,
        "export": ALL,
        "crm_see": ALL,
        "crm_change": ALL,
        "canned_change": ALL,
        "roles_change": ALL,
    },
    ("supervisor", "Supervisor"): {
        "lines_see": ALL,
        "dialogs_see": DEPARTMENT,
        "dialogs_history": DEPARTMENT,
        "dialogs_start_spam": DEPARTMENT,
        "dialogs_join": DEPARTMENT,
        "supervisor_rating": DEPARTMENT,
        "reports": DEPARTMENT,
        "export": DEPARTMENT,
        "crm_see": ALL,
        "crm_change": DEPARTMENT,
        "canned_change": ALL,
    },
    ("operator", "Operator"): {
        "dialogs_see": OWN,
        "dialogs_history": OWN,
        "dialogs_start_spam": OWN,
        "crm_see": OWN,
        "crm_change": OWN,
    },
}


def create_roles(apps, schema_editor):
    Role = apps.get_model("staff", "Role")
    RoleGrant = apps.get_model("staff", "RoleGrant")
    for (key, name), grants in ROLES.items():
        role, _ = Role.objects.update_or_create(key=key, defaults={"name": name, "is_ready": True})
        for right, scope in grants.items():
            RoleGrant.objects.update_or_create(role=role, right=right, defaults={"scope": scope})


def delete_roles(apps, schema_editor):
    apps.get_model("staff", "Role").objects.filter(is_ready=True).delete()


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_initial")]

    operations = [
        migrations.RunPython(create_roles, delete_roles),
        migrations.RunSQL(
            "ALTER TABLE staff_presence SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)",
            "ALTER TABLE staff_presence RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        ),
    ]
