from django.db import migrations

from contactcenter.lib import folding


class Migration(migrations.Migration):
    dependencies = [
        ("staff", "0005_every_channel_and_self_service"),
    ]

    operations = [
        migrations.RunSQL(folding.create_function(), "DROP FUNCTION folded(text)"),
    ]
