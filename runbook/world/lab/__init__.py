"""The lab: a miniature call centre on 127.0.0.1 with real SSH, SIP, TCP and HTTP servers, for practice and for tests."""
