from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    """In INSTALLED_APPS for `django.contrib.admin`, with `unfold.apps.BasicAppConfig`, which leaves the
    choice of the site to us. (A module of its own: the site imports models.)"""

    default_site = "contactcenter.staff.site.Site"
