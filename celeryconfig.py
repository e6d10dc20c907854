"""Constants of the Celery app that workers, service, beat and Flower share; the reason stands beside each.

Row numbers refer to the ways in which Celery 5.7 on Redis loses, doubles or hangs work that
``docs/design/celery.md`` lists. The addresses of broker and result store come from the settings.
"""

from kombu import Queue

# broker: the state server, never the cache

broker_transport_options = {
    "visibility_timeout": 900,  # > hard limit 120 + countdown 60 + shutdown 150, with slack for clocks (row 1)
    "unacked_restore_interval": 10,  # how often a dead worker's messages are looked for (row 4)
    "unacked_restore_throttle": 1,  # makes the line above the real period
    "socket_timeout": 15,  # a publish cannot wait for ever (row 8)
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,  # a half-open socket is dropped in about 51 s
    "retry_on_timeout": False,  # a publish that timed out may have arrived (row 48)
    "queue_order_strategy": "priority",  # the queues of a worker in their order, not in turn
    "priority_steps": [0],  # one list per queue; priority is a queue of its own (row 45)
}
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # the default of 100 ends the worker in a long outage
broker_channel_error_retry = True  # READONLY after a failover (row 10)
broker_connection_timeout = 5
broker_pool_acquire_timeout = 30  # the default waits for ever
task_publish_retry_policy = {"max_retries": 3, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 1}

# results: signals only; every value that counts is in PostgreSQL

task_ignore_result = True  # closes row 18 for chord headers, and rows 35 and 36
result_expires = 3600
result_chord_expires = 86400  # above the longest job deadline (row 20)
result_chord_join_timeout = 10  # finite (row 22)
result_backend_always_retry = True
result_backend_max_retries = 5  # the default is infinite (row 34)
redis_socket_timeout = 15
redis_socket_connect_timeout = 5
redis_socket_keepalive = True
redis_backend_health_check_interval = 25

# tasks

task_serializer = "json"
result_serializer = "json"
accept_content = ["json"]  # no pickle: who writes to the broker must not run code
result_accept_content = ["json"]
task_acks_late = True  # a message survives its worker
task_reject_on_worker_lost = True  # row 11; attempts are capped in PostgreSQL (row 12)
task_retry_on_worker_lost = False  # a second counter, with a delay of 180 s; the reconciler retries
task_acks_on_failure = True  # never loop through the broker (row 47)
task_acks_on_timeout = True
task_time_limit = 120  # this and the next are for the pool ``prefork``; in others the call's own timeout ends it
task_soft_time_limit = 100
task_create_missing_queues = False  # a mistyped queue is an error, not a queue that nobody reads (row 51)
task_default_queue = "celery"  # a service that knows nothing but the broker's address reaches packsys.jobs.*
# in the order in which a worker looks for work
task_queues = tuple(map(Queue, ("upkeep", "celery", "formulas", "syncs", "formulas.scheduled", "formulas.backfill")))
task_routes = {
    "packsys.jobs.*": {"queue": "celery"},
    "packsys.step": {"queue": "formulas"},
    "packsys.advance": {"queue": "formulas"},
    "packsys.syncs.*": {"queue": "syncs"},
    "packsys.upkeep.*": {"queue": "upkeep"},
}
task_allow_error_cb_on_chord_header = False  # an error callback once, not once per header task (row 23)
task_track_started = False  # PostgreSQL knows
task_remote_tracebacks = False
enable_utc = True
timezone = "UTC"

# workers

worker_pool = "threads"  # pack code runs in processes of its own; docs/design/execution.md says what follows
worker_prefetch_multiplier = 1  # with late acks: nothing waits behind a running task
worker_max_tasks_per_child = 5000  # this and the next are for the pool ``prefork``: others have no children
worker_max_memory_per_child = 400_000  # KiB (row 37)
worker_eta_task_limit = 1000  # retries wait at most 60 s in a worker (row 38)
worker_deduplicate_successful_tasks = False  # leaves chord parts uncounted (row 17)
worker_cancel_long_running_tasks_on_connection_loss = False  # would end a task between any two lines (row 13)
worker_soft_shutdown_timeout = 20
worker_enable_soft_shutdown_on_idle = True
worker_proc_alive_timeout = 30
worker_send_task_events = True  # what Flower shows
event_queue_ttl = 5
event_queue_expires = 60
worker_hijack_root_logger = False
worker_redirect_stdouts = False

# beat

beat_max_loop_interval = 5
