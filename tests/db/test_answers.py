from datetime import UTC, datetime, timedelta
import random, uuid
from decimal import Decimal
import pytest
from db.analytics import answer
from db.rollup_sets import ensure_catalogue
from db.rollup_state import StateCache
from db.rollups import roll_all
from db.seal import seal
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.grains import Grain
from domain.questions import *
from tests.reference import agrees, expect
from tests.stored import store
CAT = catalogue_of(BUILTIN)
NOW = datetime(2026, 11, 20, 10, 7, tzinfo=UTC)

def make(r, n):
    out=[]
    for i in range(n):
        t = NOW - timedelta(seconds=r.randrange(0, 40*86400))
        if r.random()<.5:
            out.append({"id": str(uuid.UUID(int=r.getrandbits(128))), "type":"order","occurredAt":t.isoformat(),"userId":f"u{r.randrange(50)}","source":r.choice(["a","b",None]),"value":Decimal(r.randrange(100000))/100,"currency":r.choice(["USD","EUR"]),"properties":{"collection":r.choice(["x","y"]),"quantity":r.randrange(5)}})
        else:
            out.append({"id": str(uuid.UUID(int=r.getrandbits(128))), "type":"api_request","occurredAt":t.isoformat(),"userId":f"u{r.randrange(5000)}","statusCode":r.choice([200,200,500]),"durationMs":Decimal(r.randrange(1,10**6))/1000,"properties":{"endpoint":r.choice(["/a","/b"]),"method":"GET"}})
    return out

async def test_smoke(pool):
    await ensure_catalogue(pool, CAT, [Grain.HOUR, Grain.DAY, Grain.WEEK, Grain.MONTH])
    r=random.Random(1); events=make(r,3000)
    state=StateCache()
    await store(pool,CAT,events[:1000],now=NOW)
    print(await roll_all(pool,CAT))
    print(await seal(pool,NOW))
    await store(pool,CAT,events[1000:2000],now=NOW)
    print(await roll_all(pool,CAT))
    await store(pool,CAT,events[2000:],now=NOW)
    edges=tuple(NOW.replace(minute=0)-timedelta(days=d,minutes=37) for d in range(35,-1,-1))
    reads=[Read("api_request",edges,frozenset({COUNT,ERRORS,USERS,MeasureKey("sum","durationMs"),MeasureKey("min","durationMs"),MeasureKey("avg","durationMs"),MeasureKey("quantile","durationMs",.95)})),
      Read("order",edges,frozenset({COUNT,USERS,MeasureKey("sum","value"),MeasureKey("sum","quantity")}),("collection",)),
      Read("order",edges,frozenset({COUNT,USERS,MeasureKey("sum","value"),MeasureKey("max","value")}),("currency",),Filter(negated=Filter("collection",("x",)))),
      Read("*",(edges[0],edges[-1]),frozenset({COUNT,USERS}),("eventType",))]
    frames=await answer(pool,CAT,reads,state)
    for read,frame in zip(reads,frames):
        print(frame.served_by, frame.warnings, frame.total_groups)
        want=expect(events,CAT.types[read.event_type],read)
        assert set(want)==set(frame.groups)
        for key,cols in want.items():
            for m,vals in cols.values.items():
                got=frame.groups[key].values[m]; est=frame.groups[key].estimates.get(m)
                for i,(a,b) in enumerate(zip(vals,got,strict=True)):
                    assert agrees(m,a,b,est[i] if est else None),(read.event_type,key,m,i,a,b,est and est[i])
