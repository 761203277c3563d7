from openlines.models.client import Client
from openlines.models.connection import Connection
from openlines.models.deadline import Deadline
from openlines.models.dialog import Dialog
from openlines.models.event import DialogEvent, ReactionInterval
from openlines.models.inbound import InboundEvent
from openlines.models.line import (
    AutomaticActionsSettings,
    LineQueue,
    LineText,
    OpenLine,
    OtherSettings,
    QueueSettings,
)
from openlines.models.message import Attachment, Message
from openlines.models.outbox import OutboxItem
from openlines.models.queue import LineEntry, Offer, QueueEntry, Turn
from openlines.models.seen import Seen

__all__ = [
    "Attachment",
    "AutomaticActionsSettings",
    "Client",
    "Connection",
    "Deadline",
    "Dialog",
    "DialogEvent",
    "InboundEvent",
    "LineEntry",
    "LineQueue",
    "LineText",
    "Message",
    "Offer",
    "OpenLine",
    "OtherSettings",
    "OutboxItem",
    "QueueEntry",
    "QueueSettings",
    "ReactionInterval",
    "Seen",
    "Turn",
]
