"""`make demo`: an imaginary coffee shop that uses the product, and everything it needs on one machine.

``world.py`` is the cast (people, lines, connections), ``talks.py`` what customers and operators say, ``history.py``
plays weeks of it through the services on a virtual clock, ``traffic.py`` lets customers write while the demo runs,
``processes.py`` and ``running.py`` start, watch and stop the processes. The shop's pages are in ``views.py``; only
the demo's own settings (``settings.py``) give them an address.
"""
