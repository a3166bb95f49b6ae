"""The page with the phones, in a real browser, with a small bot behind it."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from simulator.client import Client
from simulator.ground import Options
from simulator.server import Running
from simulator.stories.runner import Storyboards
from tests.simulator.desk import START, TOKEN
from tests.simulator.test_story import BOARD, parrot

PHONE_WINDOW = {"width": 390, "height": 844}
CAST = {
    "people": [
        {"slug": "claire", "first_name": "Claire", "last_name": "Vidal"},
        {"slug": "amina", "first_name": "Amina", "last_name": "Haddad", "role": "EFS"},
        {"slug": "marc", "first_name": "Marc", "last_name": "Delmas"},
    ],
    "groups": [{"slug": "efs", "title": "EFS", "members": ["claire", "amina"], "bot": True}],
}
AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One simulator that supervises one small bot."""
    folder = tmp_path_factory.mktemp("stories")
    (folder / "essai.toml").write_text(BOARD, encoding="utf-8")
    (folder / "_rien.toml").write_text('title = "Rien"\nscene = [{ note = "Vu" }]')
    storyboards = Storyboards(folder, {"who": "Claire"})
    options = Options(
        START, (TOKEN,), paused=True, cast=CAST, bot=parrot(), storyboards=storyboards
    )
    with Running(options) as running:
        Client(running.url).wait_followed()
        yield running


@pytest.fixture
def client(server: Running) -> Client:
    client = Client(server.url)
    client.post("story", stop=True)
    client.post("bot", do="start")
    client.wait_followed()
    client.reset()
    client.pause()
    return client


@pytest.fixture
def open_page(browser: Browser, server: Running, client: Client) -> Iterator[Callable[..., Page]]:
    """Opens the page; nothing outside may be asked for, and no script may fail."""
    contexts = []
    troubles: list[str] = []

    def open_page(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(locale="fr-FR", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: _stays_here(request.url, server.url, troubles))
        page.goto(server.url + path)
        expect(page.locator(".phone")).to_have_count(3)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page(viewport={"width": 1280, "height": 900})


def _stays_here(url: str, home: str, troubles: list[str]) -> None:
    if not url.startswith((home, "data:")):
        troubles.append(f"the page asked for {url}")


def phone(page: Page, slug: str) -> Locator:
    return page.locator(f'.phone[data-slug="{slug}"]')


def list_chats(page: Page, slug: str) -> Locator:
    """Go back to the list of someone's chats."""
    shown = phone(page, slug)
    back = shown.get_by_role("button", name="Retour aux discussions")
    if back.count():
        back.click()
    return shown


def open_chat(page: Page, slug: str, chat: str = "private") -> Locator:
    """Open a chat on someone's phone."""
    shown = list_chats(page, slug)
    shown.locator(f'li[data-slug="{chat}"] button').click()
    return shown


def write(shown: Locator, text: str) -> None:
    shown.get_by_role("combobox").fill(text)
    shown.get_by_role("combobox").press("Enter")


def test_each_phone_opens_where_its_owner_works(page: Page) -> None:
    titles = [phone(page, slug).locator(".phone-head .title") for slug in ("amina", "marc")]

    expect(titles[0]).to_contain_text("EFS")
    expect(titles[1]).to_contain_text("Relais")
    expect(phone(page, "marc").get_by_role("button", name="Démarrer")).to_be_visible()


def test_one_starts_the_bot_writes_and_presses(page: Page) -> None:
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()

    expect(shown.locator(".words b")).to_have_text("Bonjour Claire")
    shown.get_by_role("button", name="Oui").click()

    expect(shown.locator(".toast")).to_have_text("Noté, merci.")
    expect(shown.get_by_text("Noté : Claire va bien")).to_be_visible()
    expect(shown.get_by_text("modifié")).to_be_visible()
    expect(shown.locator(".key")).to_have_count(0)


def test_an_alert_stays_until_it_is_read(page: Page) -> None:
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    shown.get_by_role("button", name="Non").click()

    expect(shown.locator(".toast.alert")).to_contain_text("Appelez quelqu’un.")
    shown.get_by_role("button", name="OK").click()

    expect(shown.locator(".toast")).not_to_be_visible()


def test_commands_complete_themselves(page: Page, client: Client) -> None:
    listed = [{"command": name, "description": name} for name in ("statut", "stop", "aide")]
    bot_call(client, "setMyCommands", commands=listed)
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    box = shown.get_by_role("combobox")
    box.fill("/st")

    expect(shown.get_by_role("option")).to_have_count(2)
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("Enter")

    expect(box).to_have_value("/stop ")


def test_everything_can_be_done_with_the_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller aux téléphones")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(phone(page, "claire").locator('li[data-slug="efs"] button')).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("/aide@relais_bot")
    page.keyboard.press("Enter")

    claire = phone(page, "claire")
    expect(claire.locator(".message.own")).to_contain_text("/aide")
    expect(claire.locator(".message.other")).to_contain_text("Vous avez dit")
    page.keyboard.press("Escape")

    expect(claire.locator('li[data-slug="efs"] button')).to_be_focused()


def test_a_group_is_seen_from_each_phone(page: Page) -> None:
    claire = open_chat(page, "claire", "efs")
    amina = list_chats(page, "amina")
    write(claire, "bonjour à toutes")

    row = amina.locator('li[data-slug="efs"]')
    expect(row.locator(".badge")).to_have_text("1")
    expect(row.locator(".snippet")).to_have_text("bonjour à toutes")
    open_chat(page, "amina", "efs")
    expect(amina.locator(".author")).to_have_text("Claire Vidal")
    expect(amina.locator(".owner-badge")).to_be_hidden()
    expect(list_chats(page, "marc").locator(".chat-row")).to_have_count(1)
    expect(amina.locator(".owner")).to_contain_text("EFS")


def test_replies_pictures_and_silence_are_shown(page: Page) -> None:
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    write(shown, "/silence")
    expect(shown.get_by_label("silencieux")).to_be_visible()
    write(shown, "écho")
    expect(shown.locator(".quote").last).to_contain_text("écho")
    write(shown, "/photo")
    shown.get_by_role("button", name="Agrandir la photo").click()

    expect(page.get_by_role("dialog").locator("img")).to_be_visible()
    page.get_by_role("button", name="Fermer").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_pinned_and_deleted_messages_are_shown(page: Page, client: Client) -> None:
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    expect(shown.locator(".key")).to_have_count(2)
    claire = int(shown.get_attribute("data-person") or 0)
    where = {"chat_id": claire, "message_id": client.messages(claire)[-1]["id"]}

    bot_call(client, "pinChatMessage", **where)
    expect(shown.locator(".pinned")).to_contain_text("Bonjour Claire")
    bot_call(client, "deleteMessage", **where)

    expect(shown.get_by_text("Message supprimé")).to_be_visible()
    expect(shown.locator(".pinned")).to_be_hidden()


def bot_call(client: Client, method: str, **params: object) -> None:
    """Something the bot does of itself."""
    client._ask("POST", f"/bot{TOKEN}/{method}", params)


def test_one_replies_and_corrects(page: Page) -> None:
    shown = open_chat(page, "claire", "efs")
    write(shown, "trente-sept cinq")
    shown.locator(".message.own").hover()
    shown.get_by_role("button", name="Modifier ce message").click()
    write(shown, "trente-huit cinq")
    expect(shown.locator(".message.own .meta")).to_contain_text("modifié")

    shown.locator(".message.own").hover()
    shown.get_by_role("button", name="Répondre à ce message").click()
    write(shown, "@relais_bot noté ?")

    expect(shown.locator(".message.own .quote")).to_contain_text("trente-huit cinq")


def test_attachments_are_sent(page: Page) -> None:
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    for name in ("Document", "Position"):
        shown.get_by_role("button", name="Joindre").click()
        shown.get_by_role("button", name=name).click()

    expect(shown.get_by_role("link", name="document.pdf")).to_be_visible()
    expect(shown.locator(".attached", has_text="Position")).to_be_visible()


def test_the_clock_is_pushed(page: Page, client: Client) -> None:
    clock = page.locator("#clock")
    before = client.now()
    page.get_by_role("button", name="+1 h").click()
    page.get_by_role("button", name="+1 jour").click()
    page.get_by_role("button", name="Prochain événement").click()

    expect(clock.locator(".note")).to_have_text("Rien n’est prévu.")
    expect(clock.locator(".forward")).to_be_hidden()
    assert (client.now() - before).total_seconds() == 25 * 3600


def test_hours_are_written_as_the_bot_writes_them(page: Page, client: Client) -> None:
    client.to(client.now().replace(hour=6, minute=30, second=0) + timedelta(days=1))

    expect(page.locator(".face")).to_have_text("7 h 30")
    assert page.locator(".face").text_content() == "7\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30"


def test_a_long_forward_shows_how_far_it_is_and_can_be_stopped(page: Page, client: Client) -> None:
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    write(shown, "/rappel")
    client.until_quiet()
    client.fault("delay", method="sendMessage", delay_s=0.1)
    before = client.now()
    page.get_by_role("button", name="+30 jours").click()
    forward = page.get_by_role("group", name="L’horloge avance")

    expect(forward).to_contain_text("jusqu’au ")
    reached = forward.locator("span").inner_text()
    expect(forward.locator("span")).not_to_have_text(reached)  # a day further
    write(open_chat(page, "amina", "efs"), "on continue")
    expect(phone(page, "amina").locator(".message.own")).to_contain_text("on continue")
    forward.get_by_role("button", name="Arrêter").click()
    expect(forward).to_be_hidden()
    client.clear_faults()
    client.until_quiet()

    stopped = client.now()
    assert timedelta(days=1) <= stopped - before < timedelta(days=30)
    page.get_by_role("button", name="+1 h").click()
    expect(page.locator(".note")).to_have_text("")
    client.until_quiet()
    expect(forward).to_be_hidden()
    assert client.now() - stopped == timedelta(hours=1)


def test_the_clock_is_played_and_paused(page: Page, client: Client) -> None:
    page.get_by_role("button", name="Une heure par seconde").click()
    expect(page.get_by_role("button", name="Une heure par seconde")).to_have_attribute(
        "aria-pressed", "true"
    )
    face = page.locator(".face").inner_text()
    expect(page.locator(".face")).not_to_have_text(face)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")

    stopped = client.now()
    assert client.now() == stopped


def test_each_patient_has_a_day(page: Page, server: Running, client: Client) -> None:
    ground = server.ground
    today = client.now().date().isoformat()
    anchors = [{"label": "TLS-7K4Q", "day0": today}]
    assert ground.loop is not None
    ground.loop.call_soon_threadsafe(
        lambda: ground.world.tell("health", health={"status": "ok", "anchors": anchors})
    )

    expect(page.locator(".days li")).to_have_text("TLS-7K4QJ0")
    page.get_by_role("button", name="+1 jour").click()
    expect(page.locator(".days strong")).to_have_text("J+1")


def test_thirty_days_go_by_in_less_than_ten_seconds(page: Page, client: Client) -> None:
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    write(shown, "/rappel")
    client.until_quiet()
    page.evaluate("window.began = performance.now()")
    client.advance(days=30)

    expect(shown.locator(".message").last).to_contain_text("Rappel")
    assert page.evaluate("performance.now() - window.began") < 10_000
    numbers = [int(text.split()[1]) for text in client.texts("claire") if "Rappel" in text]
    assert numbers == list(range(numbers[0], numbers[0] + 240))


def test_a_reload_in_the_middle_loses_nothing(page: Page) -> None:
    shown = open_chat(page, "claire", "efs")
    write(shown, "avant")
    expect(shown.locator(".message.own")).to_contain_text("avant")

    page.reload()

    shown = phone(page, "claire")
    expect(shown.locator(".message.own")).to_contain_text("avant")
    write(shown, "après")
    expect(shown.locator(".message.own").last).to_contain_text("après")


def test_two_browsers_share_the_ground(open_page: Callable[..., Page]) -> None:
    one, other = open_page(), open_page()
    mine, theirs = open_chat(one, "claire"), open_chat(other, "claire")
    mine.get_by_role("button", name="Démarrer").click()
    theirs.get_by_role("button", name="Oui").click()

    expect(mine.get_by_text("Noté : Claire va bien")).to_be_visible()
    expect(theirs.get_by_text("Noté : Claire va bien")).to_be_visible()
    expect(mine.locator(".toast")).to_have_text("Noté, merci.")


def test_it_fits_the_window_of_a_phone(open_page: Callable[..., Page]) -> None:
    page = open_page(viewport=PHONE_WINDOW)
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    expect(shown.locator(".key").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_WINDOW["width"]
    expect(page.get_by_role("button", name="Prochain événement")).to_be_in_viewport(ratio=1)
    box = shown.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE_WINDOW["width"]
    assert box["y"] + box["height"] <= PHONE_WINDOW["height"]


def test_an_outage_is_ordered_and_ended(page: Page, client: Client) -> None:
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    expect(shown.locator(".key").first).to_be_visible()
    page.get_by_role("button", name="Pannes").click()
    page.get_by_role("button", name="Telegram en panne").click()

    expect(page.get_by_role("region", name="Pannes en cours")).to_contain_text("502")
    page.get_by_role("button", name="Tout rétablir").click()
    expect(page.locator("#status")).to_have_text("Tout fonctionne.")
    assert client.state()["faults"] == []


def test_the_bot_is_killed_and_restarted(page: Page, client: Client) -> None:
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    expect(shown.locator(".key").first).to_be_visible()
    page.get_by_role("button", name="Pannes").click()
    page.get_by_role("button", name="Tuer le bot").click()
    expect(page.locator("#status")).to_have_text("Le bot est arrêté.")
    expect(page.get_by_text("Tout fonctionne.")).to_have_count(0)
    write(shown, "toujours là ?")
    page.get_by_role("button", name="Relancer le bot").click()

    expect(shown.locator(".message.other").last).to_contain_text("toujours là ?")
    expect(page.locator("#status")).to_have_text("Tout fonctionne.")


def test_a_phone_blocks_the_bot_and_comes_back(page: Page) -> None:
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    expect(shown.locator(".key").first).to_be_visible()
    shown.locator("summary").click()
    shown.get_by_role("button", name="Bloquer le bot").click()

    shown.get_by_role("button", name="Débloquer le bot").first.click()

    expect(shown.get_by_role("combobox")).to_be_visible()


def test_a_group_becomes_a_supergroup_under_ones_eyes(page: Page) -> None:
    shown = open_chat(page, "claire", "efs")
    write(shown, "avant")
    page.get_by_role("button", name="Pannes").click()
    page.get_by_role("button", name="« EFS » devient un supergroupe").click()

    expect(shown.get_by_text("Suite du groupe")).to_be_visible()
    expect(shown.locator(".message.own")).to_contain_text("avant")
    write(shown, "après")
    expect(shown.locator(".message.own").last).to_contain_text("après")


def test_behind_the_scenes_every_call_is_seen(page: Page, client: Client) -> None:
    client.fault("429", method="sendMessage", count=1, retry_after=2)
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Démarrer").click()
    page.get_by_role("button", name="Coulisses").click()

    calls = page.get_by_role("list", name="Appels du bot")
    expect(calls.locator("li.failed")).to_contain_text("Too Many Requests: retry after 2")
    expect(page.get_by_role("row", name="Le bot suit l’horloge oui")).to_be_visible()


def test_a_link_opens_the_bot_on_a_chosen_phone(page: Page) -> None:
    list_chats(page, "amina").get_by_role("button", name="Ouvrir un lien").click()
    page.get_by_label("Lien", exact=True).fill("https://t.me/relais_bot?start=invitation")
    page.get_by_label("Sur le téléphone de").select_option("Marc Delmas")
    page.get_by_role("dialog").get_by_role("button", name="Ouvrir le lien").click()

    marc = phone(page, "marc")
    expect(marc.locator(".message.own")).to_contain_text("/start invitation")
    expect(marc.locator(".words b")).to_have_text("Bonjour Marc")


def test_a_storyboard_is_chosen_played_and_debriefed(page: Page) -> None:
    page.get_by_role("button", name="Scénarios").click()
    page.get_by_role("button", name="Commencer « Essai »").click()
    panel = page.locator("#panel")
    expect(panel.get_by_text("Dites oui, Claire")).to_be_visible()
    expect(page.locator(".phone.turn")).to_have_attribute("data-slug", "claire")
    shown = open_chat(page, "claire")
    shown.get_by_role("button", name="Oui").click()
    expect(panel.get_by_text("Écrivez au bot")).to_be_visible()
    panel.get_by_role("button", name="Passer").click()

    debrief = page.get_by_role("dialog", name="Bilan : Essai")
    expect(debrief).to_contain_text("1 sur 2")
    expect(debrief.get_by_role("listitem").first).to_have_text("Écrivez au bot")
    expect(debrief.get_by_role("button", name="Imprimer")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".stage")).to_be_hidden()
    expect(debrief.get_by_role("button", name="Imprimer")).to_be_hidden()
    page.set_viewport_size({"width": 800, "height": 200})  # more than one sheet: nothing is cut
    assert debrief.evaluate("it => it.scrollHeight - it.clientHeight") <= 1
    assert debrief.evaluate("it => it.clientHeight") > 200


def test_a_reload_in_the_middle_of_a_story_goes_on_with_it(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/?scenario=essai")
    panel = page.locator("#panel")
    expect(panel.get_by_text("Dites oui, Claire")).to_be_visible()
    open_chat(page, "claire").get_by_role("button", name="Oui").click()
    expect(panel.get_by_text("Écrivez au bot")).to_be_visible()

    page.reload()

    expect(panel.get_by_text("Écrivez au bot")).to_be_visible()
    expect(panel.locator(".past li")).to_have_count(1)
    write(phone(page, "claire"), "bonjour")
    expect(page.get_by_role("dialog", name="Bilan : Essai")).to_contain_text("2 sur 2")


@pytest.mark.parametrize("path", ["/", "/?scenario=essai"])
def test_a_story_asks_before_it_wipes_the_ground(
    open_page: Callable[..., Page], client: Client, path: str
) -> None:
    client.start("claire")
    client.until_quiet()
    page = open_page(path)
    if path == "/":
        page.get_by_role("button", name="Scénarios").click()
        page.get_by_role("button", name="Commencer « Essai »").click()
    question = page.get_by_role("dialog", name="Commencer « Essai »")
    expect(question).to_contain_text("1 message écrit et tout ce que le bot sait des patients")
    question.get_by_role("button", name="Annuler").click()

    assert client.state()["story"] is None
    assert len(client.messages("claire")) == 2
    page.get_by_role("button", name="Commencer « Essai »").click()
    question.get_by_role("button", name="Effacer et commencer").click()
    expect(page.locator("#panel").get_by_text("Dites oui, Claire")).to_be_visible()


def test_a_storyboard_that_asks_for_nothing_counts_nothing(page: Page, client: Client) -> None:
    client.post("story", play="_rien")

    debrief = page.get_by_role("dialog", name="Bilan : Rien")
    expect(debrief).to_contain_text("Tout a été fait pour vous")
    expect(debrief).not_to_contain_text("sur 0")


def test_an_unknown_storyboard_is_one_sentence(open_page: Callable[..., Page]) -> None:
    page = open_page("/?scenario=absent")

    expect(page.get_by_role("alert")).to_have_text(
        "Le scénario « absent » n’existe pas. Scénarios connus : essai."
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("panel", ["", "Scénarios", "Pannes", "Coulisses"])
def test_axe_finds_no_serious_fault(
    open_page: Callable[..., Page], client: Client, scheme: str, panel: str
) -> None:
    client.start("claire")
    client.say("claire", "bonjour")
    client.send("claire", "photo")
    client.send("claire", "document")
    client.until_quiet()
    client.fault("429", method="sendMessage", chat_id=1)
    page = open_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    open_chat(page, "claire")
    open_chat(page, "amina", "efs")
    if panel:
        page.get_by_role("button", name=panel).click()
        expect(page.locator("#panel")).to_be_visible()

    assert "\n".join(serious(page)) == ""


def serious(page: Page) -> list[str]:
    """Serious and critical faults, as « rule: element »."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    return [
        f"{fault['id']}: {node['html'][:120]} {node['any'][0]['message'][:120]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def test_the_pages_files_are_all_shipped(server: Running) -> None:
    folder = Path(__file__).parents[2] / "simulator" / "page" / "static"
    index = (folder / "index.html").read_text(encoding="utf-8")

    for name in re.findall(r"/page/([\w.]+)", index):
        assert (folder / name).is_file()
