"""What strangers have used, alike for all web processes (``widget/limits.py``); nothing that a crash may not forget."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("openlines", "0014_deleting_a_connection")]

    operations = [
        migrations.CreateModel(
            name="Usage",
            fields=[
                ("key", models.CharField(max_length=120, primary_key=True, serialize=False)),
                ("until", models.DateTimeField(db_index=True)),
                ("used", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE openlines_usage SET UNLOGGED; ALTER TABLE openlines_usage SET (fillfactor = 70)",
            migrations.RunSQL.noop,
        ),
    ]
