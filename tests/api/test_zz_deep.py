import json
def test_deep(province):
    from raw_push import send
    lan=province["lan"]
    for n in [*range(100,1000,50), *range(900,1000,7)]:
        op={**lan.op("create"),"set":{"note":"@@"}}
        body=json.dumps({"ops":[op, lan.op("create",set={"title":"x"})]}).replace('"@@"',"["*n+"]"*n).encode()
        r=send(lan,body)
        assert r.status_code in (200,422),(n,r.text)
        if r.status_code==200: ok=n; assert [x["status"] for x in r.json()["results"]]==["rejected","applied"]
        r2=send(lan, b'{"clock":'+b'{"a":'*n+b'1'+b'}'*n+b',"ops":[]}'); assert r2.status_code in (200,422), n
    print("last ok", ok)
