"""The process route as a Python team would write it with Debian's packages: FastAPI, pydantic,
Redis, aiohttp. It does what Hearth's route does and no more: key check, validation, cache lookup,
model call on a miss, cache store, response model. ./dev bench runs two of it behind nginx."""

import datetime
import enum
import hashlib
import hmac
import json
import os
import time
from typing import List, Optional

import aiohttp
import redis.asyncio as redis
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field, validator

MODEL_URL = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
API_KEY = os.environ["API_KEY"]
TTL_S = {"summarize": 7200, "sentiment": 3600, "key_points": 5400, "questions": 3600, "qa": 1800}

app = FastAPI()
cache = redis.Redis(unix_socket_path=os.environ["REDIS_SOCKET"])
session: Optional[aiohttp.ClientSession] = None


class Operation(str, enum.Enum):
    summarize = "summarize"
    sentiment = "sentiment"
    key_points = "key_points"
    questions = "questions"
    qa = "qa"


class ProcessRequest(BaseModel):
    text: str = Field(..., min_length=10, max_length=10000)
    operation: Operation
    question: Optional[str] = None
    options: dict = {}

    @validator("text")
    def not_blank(cls, text):
        if not text.strip():
            raise ValueError("must not be blank")
        return text.strip()


class Sentiment(BaseModel):
    sentiment: str
    confidence: float = Field(..., ge=0, le=1)
    explanation: str


class ProcessResponse(BaseModel):
    operation: Operation
    success: bool = True
    result: Optional[str] = None
    sentiment: Optional[Sentiment] = None
    key_points: Optional[List[str]] = None
    questions: Optional[List[str]] = None
    metadata: dict = {}
    processing_time: float
    timestamp: datetime.datetime
    cache_hit: bool = False


def check_key(x_api_key: Optional[str] = Header(None)):
    if x_api_key is None or not hmac.compare_digest(x_api_key.encode(), API_KEY.encode()):
        raise HTTPException(401, "Authentication failed")


@app.on_event("startup")
async def start():
    global session
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64))


async def ask_model(request):
    body = {"model": "standin", "messages": [
        {"role": "system", "content": "You are a helpful assistant for text analysis."},
        {"role": "user", "content": f"Summarise in 100 words:\n{request.text}"}]}
    async with session.post(MODEL_URL, json=body) as answer:
        answer.raise_for_status()
        return (await answer.json())["choices"][0]["message"]["content"]


@app.post("/v1/text_processing/process", response_model=ProcessResponse)
async def process(request: ProcessRequest, _=Depends(check_key)):
    started = time.perf_counter()
    canonical = json.dumps(request.dict(), sort_keys=True)
    key = "ai_cache:" + hashlib.sha256(canonical.encode()).hexdigest()
    stored = await cache.get(key)
    if stored is not None:
        answer, hit = json.loads(stored)["result"], True
    else:
        answer, hit = await ask_model(request), False
        await cache.set(key, json.dumps({"result": answer}), ex=TTL_S[request.operation.value])
    return ProcessResponse(operation=request.operation, result=answer,
                           metadata={"word_count": len(request.text.split())},
                           processing_time=time.perf_counter() - started,
                           timestamp=datetime.datetime.utcnow(), cache_hit=hit)
