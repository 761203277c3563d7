"""Live updates: a service says ``signal(topic, kind)``, every browser with a ticket for the topic hears it.

``publish`` sends (synchronous, after commit) → PostgreSQL NOTIFY → ``listener`` (one connection in each web
process) → ``hub`` (who hears what) → ``stream`` (Server-Sent Events) → ``static/openlines/live.js``.
A signal only says "look again": a lost one is made good by ``resync``, after which the screen asks the server
for everything since the revision it knows.
"""
