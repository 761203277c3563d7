"""The product's addresses, and those of the shop whose customers write to it."""

from django.urls import include, path

from contactcenter.demo import views

shop = [
    path("shop/", views.shop, name="shop"),
    path("service/", views.service, name="service"),
]

urlpatterns = [
    path("demo/", include((shop, "demo"))),
    path("", include("contactcenter.urls")),
]
