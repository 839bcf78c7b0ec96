"""The pages of accounts: one's own, and everybody's for those who keep them."""

from tests.web.people import PASSWORD, csrf, entered, logged_in, populate
from tests.web.rooms import furnish

OTHER = "eight new paper slips"


def test_the_first_account_shuts_the_door_behind_the_one_person(tmp_path):
    with entered(furnish(tmp_path / "archive")) as room:
        assert "/accounts" in room.get("/account").text
        said = {"csrf": csrf(room), "name": "李明", "password": PASSWORD, "again": PASSWORD, "role": "reader"}
        assert "admin" in room.post("/accounts", data=said).text
        answer = room.post("/accounts", data={**said, "role": "admin"})
        assert answer.url.path == "/login"
        assert room.get("/account").url.path == "/login"
        answer = room.post("/login", data={"name": "李明", "password": PASSWORD, "next": "/account"})
        assert answer.url.path == "/account"
        assert "李明" in answer.text


def test_an_admin_keeps_the_accounts(tmp_path):
    with populate(furnish(tmp_path / "archive")) as people:
        admin, app = people.admin, people.nobody.app
        token = csrf(admin)
        said = {"csrf": token, "name": "赵六", "password": OTHER, "again": OTHER, "role": "reader", "more": "internal"}
        assert admin.post("/accounts", data={**said, "again": PASSWORD}).status_code == 400
        assert admin.post("/accounts", data={**said, "more": "no such"}).status_code == 400
        assert admin.post("/accounts", data=said).status_code == 303
        assert admin.post("/accounts", data={**said, "name": "趙六"}).status_code == 400
        zhao = logged_in(app, "赵六", OTHER)
        assert zhao.get("/accounts").status_code == 403
        assert "赵六" in admin.get("/accounts").text

        page = "/accounts/%E8%B5%B5%E5%85%AD"
        assert "checked" in admin.get(page).text
        assert admin.post(f"{page}/rights", data={"csrf": token, "role": "admin"}).status_code == 303
        assert zhao.get("/account").status_code == 303
        zhao = logged_in(app, "赵六", OTHER)
        assert zhao.get("/accounts").status_code == 200
        give = {"csrf": token, "new": PASSWORD, "again": PASSWORD}
        assert admin.post(f"{page}/password", data={**give, "again": OTHER}).status_code == 400
        assert admin.post(f"{page}/password", data={**give, "new": "short", "again": "short"}).status_code == 400
        assert admin.post(f"{page}/password", data=give).status_code == 303
        assert zhao.get("/account").status_code == 303
        assert admin.post(f"{page}/remove", data={"csrf": token}).status_code == 303
        assert admin.get(page).status_code == 404
        assert admin.post("/accounts/admin/remove", data={"csrf": token}).status_code == 400
        made = [one.event for one in app.state.rooms.catalog.ledger.events("archive") if one.event.agent == "admin"]
        assert [event.detail["act"] for event in made] == [
            "account added", "account changed", "password changed", "account removed",
        ]  # fmt: skip


def test_everybody_changes_their_own_password(tmp_path):
    with populate(furnish(tmp_path / "archive")) as people:
        reader, app = people.reader, people.nobody.app
        elsewhere = logged_in(app, "reader")
        assert reader.post("/account/elsewhere", data={"csrf": csrf(reader)}).status_code == 303
        assert elsewhere.get("/account").status_code == 303
        said = {"csrf": csrf(reader), "old": PASSWORD, "new": OTHER, "again": OTHER}
        assert reader.post("/account/password", data={**said, "old": OTHER}).status_code == 400
        assert reader.post("/account/password", data={**said, "again": PASSWORD}).status_code == 400
        assert reader.post("/account/password", data={**said, "new": "reader", "again": "reader"}).status_code == 400
        assert reader.post("/account/password", data=said).headers["location"] == "/login"
        assert reader.get("/account").status_code == 303
        assert logged_in(app, "reader", OTHER).get("/account").status_code == 200
