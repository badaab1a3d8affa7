"""The Redis channel layer, for a Redis that may go away and come back.

Nothing depends on what travels over it (verification.monitor), so a session must not end because it is gone.
Channels' own would: the consumer waits on its channel and on its socket at once, and dies of either's error.
"""

import asyncio
import logging
from typing import Any

from channels_redis.core import RedisChannelLayer

logger = logging.getLogger(__name__)

RETRY_S = 1.0


class PatientRedisChannelLayer(RedisChannelLayer):  # type: ignore[misc]  # channels_redis ships no types
    """Waits for Redis to come back where the news is only waited for; says so where it is sent."""

    async def receive(self, channel: str) -> Any:
        is_told = False
        while True:
            try:
                return await super().receive(channel)
            except Exception as error:  # redis-py and the operating system each have errors of their own
                if not is_told:
                    logger.warning("The channel layer does not answer: %s", type(error).__name__)
                is_told = True
                await asyncio.sleep(RETRY_S)

    async def group_add(self, group: str, channel: str) -> None:
        """Where this fails, the session goes on; staff who end it are then heard at its next step only."""
        try:
            await super().group_add(group, channel)
        except Exception as error:
            logger.warning("The channel layer took no subscription: %s", type(error).__name__)

    async def group_discard(self, group: str, channel: str) -> None:
        try:
            await super().group_discard(group, channel)
        except Exception as error:  # it expires by itself
            logger.warning("The channel layer did not end a subscription: %s", type(error).__name__)
