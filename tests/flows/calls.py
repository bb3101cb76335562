"""A company's export with its catalogue, and what a call of the command line is, for the tests of the commands."""

from collections.abc import Callable

CATALOGUE = """
[[source]]
name = "checks"
title = "Synthetic URL checks"
publisher = "tests"
licence = "Apache-2.0"
path = "checks.csv"
format = "table"
yields = "events"
zone = "Asia/Shanghai"
kind = "url_check"
synthetic = true
[source.columns]
event_id = "id"
occurred_at = "at"
address = "url"
result = "result"
subject = "user"
[source.constants]
actor = "end_user"
"""
CHECKS = """id,at,url,result,user
1,2024-01-01 00:00:00,http://360jletiao.example/,malicious,u1
2,2024-01-01 10:00:00,http://360jletiao.example/,malicious,u1
3,2024-06-01 10:00:00,b.example,benign,u1
4,2024-06-01 10:00:00,b.example,error,u2
5,2023-12-31 23:59:59,b.example,benign,u2
6,2025-01-01 00:00:00,b.example,benign,u2
"""

Result = tuple[int, str, str]
Call = Callable[..., Result]
