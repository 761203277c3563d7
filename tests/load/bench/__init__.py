"""`make bench`: how fast the product is, beside what the same SQL costs without it.

On a PostgreSQL of its own that waits for the disk, with the real web server and the real background work, on
loopback only. What is compared is measured in turns, so that a machine that is busy at times slows both. One module a
figure; ``scene`` makes the installation, ``processes`` starts and stops what runs, ``capture`` and ``bare`` make the
reference.
"""
