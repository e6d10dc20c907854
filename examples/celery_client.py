"""Submits a formula from a process that has only Celery and the broker's address.

BROKER_URL=redis://… python examples/celery_client.py '=1 + 1'
"""

import os
import sys
import time

from celery import Celery

broker = os.environ["BROKER_URL"]
app = Celery(broker=broker, backend=broker)

# The answer to submit is the accepted job. A message that is delivered twice still makes one job.
job = app.send_task("packsys.jobs.submit", args=[sys.argv[1]]).get(timeout=30)

while job["state"] in ("accepted", "running"):
    time.sleep(0.2)
    job = app.send_task("packsys.jobs.get", args=[job["id"]]).get(timeout=30)

if job["state"] != "done":
    sys.exit(job["error"]["message"])
print(job["value"])
