"""The lab: a miniature call centre on 127.0.0.1 with real SSH, SIP, TCP and HTTP servers, for practice and for tests.

`centre` says what there is, `cases` how it can be broken, `commands` what its hosts understand: all three are tables.

* The CTI service is port `cti` of host `cti`, over TCP; while it does not run, the port refuses.
* SIP on `sip` and on `cti` answers OPTIONS with 503 while the CTI service does not run, else with 200, over UDP and TCP.
* While the service `SipServer` or `ivr-core` itself does not run, SIP on its host refuses over TCP and is silent over UDP.
* A host that is down answers no ping and refuses on every TCP port: loopback has no way to be silent there.
* A start or restart ends at once; the service runs three seconds later (`slow`: twenty).

`child.open_lab` starts or finds a lab, `world.lab` is the `World` that asks it, `server` is the process, `folder` what it keeps.
All states, keys, ports and counters are in that folder, so a lab that was killed goes on from there.
"""
