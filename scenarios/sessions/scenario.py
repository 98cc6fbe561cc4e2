"""Login sessions: two users' devices, in several cities, log in, are touched, are revoked, and log out everywhere.

Every answer carries the revision of the user's sessions as its etag: how many changes they have seen. So a user's
history is a counter's: a change adds one and says what it made of it, everything else reads. The revisions then
order the operations, and what was listed, accepted and refused must fit that order. Nobody asks for a change
twice; one without an answer may have happened at any time since, or never.
"""

import orrery

USERS = ["ada", "bob"]
MOST_SESSIONS = 4  # as in the app's wrangler.jsonc
POPS = ["FRA", "SIN", "IAD", "HAN", "CDG", "NRT"]
CITIES = ["Frankfurt", "Singapore", "Ashburn", "Hanoi"]
FOREVER = float("inf")
# Rules of this app.
REVOKED_STAYS = "APP-SESSION-1"
NOT_REFUSED = "APP-SESSION-2"
MEMORY_IS_STORAGE = "APP-SESSION-3"
ACKNOWLEDGED_STAYS = "DO-DUR-1"


class Op:
    """One request about a user's sessions. `end` is FOREVER when no answer came."""

    def __init__(self, kind, begin, about=None):
        self.kind, self.begin, self.about = kind, begin, about
        self.end, self.revision, self.status, self.answer = FOREVER, None, 0, None

    @property
    def changed(self):
        """Surely made a change."""
        return self.kind in CHANGES and self.done

    @property
    def may_change(self):
        """May have made a change, or may yet."""
        return self.kind in CHANGES and self.end == FOREVER

    @property
    def done(self):
        return 200 <= self.status <= 299


CHANGES = ("login", "revoke", "logout")
REQUESTS = {"login": "POST", "touch": "POST", "revoke": "DELETE", "list": "GET", "logout": "DELETE"}


class User:
    def __init__(self, world, name):
        self.world, self.name = world, name
        self.ops = []
        #: Ids that somebody was told of, live or not.
        self.ids = []

    async def ask(self, client, kind, about=None):
        """One request and its place in the history. about: the device for a login, else the session's id."""
        op = Op(kind, self.world.now, about)
        self.ops.append(op)
        change = kind in CHANGES
        record = self.world.history.invoke(client, *(("add", self.name, 1) if change else ("read", self.name)))
        path = f"/users/{self.name}/sessions" + (f"/{about}" if kind in ("touch", "revoke") else "")
        response = await client.fetch(REQUESTS[kind], path, json={"device": about} if kind == "login" else None)
        if response.ok or response.status in (401, 404, 409):
            op.end, op.status, op.answer = self.world.now, response.status, response.json()
            op.revision = int(response.headers["etag"].strip('"'))
            if change and not response.ok:
                record.fail()
            else:
                record.ok(op.revision)
        else:
            record.info()
        if kind == "login" and op.done:
            self.ids.append(op.answer["id"])
        return op

    async def until_answered(self, client, kind, about=None):
        """As the faults are over, an answer must come."""
        for _ in range(120):
            op = await self.ask(client, kind, about)
            if op.end != FOREVER:
                return op
            await self.world.sleep("1s")
        raise orrery.NotLive(f"{kind} of {self.name}'s sessions was not answered within two minutes of asking")

    # --- what the answers mean together ---

    def changes(self, session):
        """The login of a session, by its id, and what surely ended it, as operations in order of revision."""
        login = next(op for op in self.ops if op.kind == "login" and op.done and op.answer["id"] == session)
        ends = [
            op
            for op in self.ops
            if op.changed and (op.kind == "logout" and op.revision > login.revision or op.kind == "revoke" and op.about == session)
        ]
        return login, sorted(ends, key=lambda op: op.revision)

    def may_have_ended(self, session, before):
        """Something without an answer was asked for before that moment and would have ended the session."""
        return any(
            op.may_change and op.begin < before and (op.kind == "logout" or op.kind == "revoke" and op.about == session)
            for op in self.ops
        )

    def check(self):
        for session in self.ids:
            login, ends = self.changes(session)
            first_end = ends[0].revision if ends else FOREVER
            for op in self.ops:
                if op.end == FOREVER:
                    continue
                if op.kind == "touch" and op.about == session:
                    self.check_touch(op, session, login, ends, first_end)
                elif op.kind == "list" and op.end != FOREVER:
                    listed = any(row["id"] == session and row["device"] == login.about for row in op.answer)
                    self.check_liveness(op, session, "listed" if listed else "not listed", listed, login, first_end)
        for op in self.ops:
            if op.kind == "login" and op.status == 409:
                self.check_refusal(op)
            elif op.kind == "list" and op.end != FOREVER:
                self.check_list(op)
            elif op.kind == "logout" and op.done:
                ended = op.answer["ended"]
                self.world.check.that(
                    ended <= MOST_SESSIONS, f"{ended} sessions of {self.name} were ended at once", rule=MEMORY_IS_STORAGE
                )

    def check_touch(self, op, session, login, ends, first_end):
        for end in ends:
            self.world.check.that(
                not (op.done and op.begin > end.end),
                f"{self.name}'s session {session} was accepted at {op.end:.3f} s, but a {end.kind} was confirmed at {end.end:.3f} s",
                rule=REVOKED_STAYS,
            )
        self.check_liveness(op, session, "accepted" if op.done else "refused", op.done, login, first_end)

    def check_liveness(self, op, session, word, live, login, first_end):
        """By the revisions: live from its login to its end, and not else."""
        told = f"{self.name}'s session {session} (revision {login.revision} to {first_end}) was {word} at revision {op.revision}"
        if live:
            self.world.check.that(login.revision <= op.revision < first_end, told, rule=REVOKED_STAYS)
        elif login.revision <= op.revision < first_end and not self.may_have_ended(session, op.end):
            self.world.check.that(False, told, rule=ACKNOWLEDGED_STAYS)

    def check_refusal(self, op):
        """There were MOST_SESSIONS at some time between question and answer, unanswered logins included."""
        live = sum(other.may_change and other.kind == "login" and other.begin < op.end for other in self.ops)
        for session in self.ids:
            login, ends = self.changes(session)
            live += login.begin < op.end and not any(end.end < op.begin for end in ends)
        self.world.check.that(
            live >= MOST_SESSIONS,
            f"{self.name}'s {op.about} was refused at {op.end:.3f} s, but there were at most {live} sessions",
            rule=NOT_REFUSED,
        )

    def check_list(self, op):
        """What is stored at a revision is what memory says at it, was not refused, and is no more than allowed."""
        listed = {row["id"] for row in op.answer}
        for touch in self.ops:
            if touch.kind == "touch" and touch.end != FOREVER and touch.revision == op.revision:
                self.world.check.that(
                    touch.done == (touch.about in listed),
                    f"at revision {op.revision} {self.name}'s {touch.about} answers {touch.status}, but stored are {sorted(listed)}",
                    rule=MEMORY_IS_STORAGE,
                )
        for row in op.answer:
            login = next(other for other in self.ops if other.kind == "login" and other.about == row["device"])
            self.world.check.that(
                login.done or login.may_change, f"{row['device']} was refused, but is listed at {op.end:.3f} s", rule=MEMORY_IS_STORAGE
            )
            for touch in self.ops:
                if touch.kind == "touch" and touch.done and touch.about == row["id"] and touch.end < op.begin:
                    self.world.check.that(
                        row["seenAt"] >= touch.answer["seenAt"],
                        f"{row['device']} was seen at {touch.answer['seenAt']}, but is listed with {row['seenAt']}",
                        rule=ACKNOWLEDGED_STAYS,
                    )
        self.world.check.that(
            len(op.answer) <= MOST_SESSIONS, f"{len(op.answer)} sessions of {self.name} are listed", rule=MEMORY_IS_STORAGE
        )


async def device(world, client, user):
    for number in range(12):
        what = world.random.choice(["login"] * 4 + ["touch"] * 8 + ["revoke"] * 3 + ["list"] * 2 + ["logout"])
        if what == "login":
            await user.ask(client, "login", f"{client.name}-{number}")
        elif what in ("list", "logout"):
            await user.ask(client, what)
        elif user.ids:
            # Those of late, for the most part; ended ones, too.
            session = user.ids[-1 - min(world.random.randrange(6), len(user.ids) - 1)]
            ended = await user.ask(client, what, session)
            if what == "revoke" and ended.done:
                await user.ask(client, "touch", session)
        await world.sleep(f"{world.random.randrange(20, 2500)}ms")


@orrery.scenario(app="app", pops=POPS, faults_over="20s")
async def sessions(world: orrery.World) -> None:
    """A revoked session is never accepted again, a live one never refused, and memory says what storage says."""
    users = [User(world, name) for name in USERS]
    clients = world.clients(8, near=[city for city in CITIES for _ in USERS])
    await world.gather(*(world.spawn(device(world, client, users[i % 2])) for i, client in enumerate(clients)))

    world.heal()
    witness = world.client(near="Tokyo")
    for user in users:
        await user.until_answered(witness, "list")
        for session in user.ids:
            await user.until_answered(witness, "touch", session)
        await user.until_answered(witness, "list")
    world.check.linearizable(world.history, model="counter", add_returns=True)
    for user in users:
        user.check()
