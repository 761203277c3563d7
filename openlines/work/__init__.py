"""What ``manage.py work`` adds to django-q2's cluster: it stops in seconds, leaves nobody behind, and notices
a pool that hangs.

``pulse.py`` is the memory that the processes share, ``family.py`` ties their lives together, ``cluster.py``
is django-q2's cluster with both, ``canary.py`` the task that shows whether the pool still works.
"""
