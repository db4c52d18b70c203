from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0002_part_source"),
    ]

    operations = [
        migrations.AddField(
            model_name="workerslot",
            name="memory",
            field=models.BigIntegerField(null=True),
        ),
    ]
