from openlines.models.client import Client, ClientAlias
from openlines.models.connection import Connection
from openlines.models.consent import ConsentRecord, ConsentVersion
from openlines.models.deadline import Deadline
from openlines.models.dialog import Dialog
from openlines.models.event import DialogEvent, ReactionInterval
from openlines.models.inbound import InboundEvent
from openlines.models.line import (
    AutomaticActionsSettings,
    ConsentSettings,
    LineDeletion,
    LineQueue,
    LineText,
    OpenLine,
    OtherSettings,
    QualitySettings,
    QueueSettings,
    WorkingTimeSettings,
)
from openlines.models.live_drop import LiveDrop
from openlines.models.message import Attachment, EarlyMark, Message, MessageMark, MessagePart
from openlines.models.onlooker import Onlooker
from openlines.models.outbox import OutboxItem
from openlines.models.queue import LineEntry, Offer, QueueEntry, Turn
from openlines.models.rating import Rating
from openlines.models.reply import CannedReply, ReplyFile, ReplyList, ReplySection
from openlines.models.seen import Seen, Shown
from openlines.models.under_way import UnderWay
from openlines.models.usage import Usage

__all__ = [
    "Attachment",
    "AutomaticActionsSettings",
    "CannedReply",
    "Client",
    "ClientAlias",
    "Connection",
    "ConsentRecord",
    "ConsentSettings",
    "ConsentVersion",
    "Deadline",
    "Dialog",
    "DialogEvent",
    "EarlyMark",
    "InboundEvent",
    "LineDeletion",
    "LineEntry",
    "LineQueue",
    "LineText",
    "LiveDrop",
    "Message",
    "MessageMark",
    "MessagePart",
    "Offer",
    "Onlooker",
    "OpenLine",
    "OtherSettings",
    "OutboxItem",
    "QualitySettings",
    "QueueEntry",
    "QueueSettings",
    "Rating",
    "ReactionInterval",
    "ReplyFile",
    "ReplyList",
    "ReplySection",
    "Seen",
    "Shown",
    "Turn",
    "UnderWay",
    "Usage",
    "WorkingTimeSettings",
]
