from django.contrib import admin
from django.urls import include, path

admin.site.site_header = admin.site.site_title = "Proof of Life"
admin.site.index_title = "Sessions and audit log"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("verification.urls")),
]
