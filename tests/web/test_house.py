def test_the_room_is_open(room):
    assert room.get("/health").text == "ok"
