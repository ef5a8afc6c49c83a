"""For Django projects: `roost.django` as the first of INSTALLED_APPS makes `manage.py runserver` serve by Roost."""
