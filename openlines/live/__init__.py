"""Live updates: a service says ``signal(topic, kind)``, every browser with a ticket for the topic hears it.

``publish`` sends (synchronous, after commit) → PostgreSQL NOTIFY → ``listener`` (one connection in each web
process) → ``hub`` (who hears what) → ``stream`` (Server-Sent Events) → ``static/openlines/live.js``.
A signal only says "look again": a lost one is made good by ``resync``, after which the screen asks the server
for everything since the revision it knows.

A stream ends with the rights it was opened by, in every process at once. What those hang on (log-in session, account,
roles, departments, groups, queues, rights for single lines; for clients their row, connection and line) is written in
many ways: forms, bulk actions, ``QuerySet.update``, cascades. So not the writers say it but the tables: triggers
(migration ``streams_end_with_rights``) write a ``LiveDrop`` and send its NOTIFY, the only one within a transaction that
writes, since rights change rarely. A new table that rights hang on gets a trigger there.
"""
