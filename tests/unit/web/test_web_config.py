"""The web configuration file: what it may say, and what is said of it when it is wrong."""

from __future__ import annotations

import builtins
import pathlib
import re
import ssl

import pytest

from calicometrics.errors import ConfigError
from calicometrics.web.basic_auth import check_hashes
from calicometrics.web.web_config import ClientAuth, RateLimit, WebConfig, read_web_config

HASH = "$2b$04$" + "a" * 21 + "e" + "b" * 31


def read(tmp_path: pathlib.Path, text: str | bytes) -> WebConfig:
    file = tmp_path / "web.yml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_web_config(file)


def refusal(tmp_path: pathlib.Path, text: str | bytes) -> str:
    """What is said of a file, after its name."""
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path}/web.yml: ")
    return str(error.value).removeprefix(f"{tmp_path}/web.yml: ")


def tls(lines: str, pair: str = "cert_file: a.pem\nkey_file: b.pem\n") -> str:
    """A file whose section on TLS has these lines, the pair in front."""
    indented = "".join(f"  {line}\n" for line in (pair + lines).splitlines())
    return f"tls_server_config:\n{indented}"


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "{}", "tls_server_config:\n", "basic_auth_users:\nrate_limit: ~\n"]
)
def test_a_file_that_says_nothing_asks_for_nothing(tmp_path: pathlib.Path, text: str) -> None:
    assert read(tmp_path, text) == WebConfig()


def test_every_key_of_the_toolkit_is_understood(tmp_path: pathlib.Path) -> None:
    config = read(
        tmp_path,
        f"""
tls_server_config:
  cert_file: server.crt
  key_file: /etc/keys/server.key
  client_ca_file: ca.crt
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [prometheus.example, "10.0.0.1"]
  min_version: TLS12
  max_version: TLS13
  cipher_suites:
    - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
  prefer_server_cipher_suites: false
  curve_preferences: [X25519]
http_server_config:
  http2: true
  headers:
    Content-Security-Policy: default-src 'none'
    X-Frame-Options: deny
    X-Content-Type-Options: nosniff
    X-XSS-Protection: "1"
    Strict-Transport-Security: max-age=31536000
basic_auth_users:
  alice: {HASH}
  123: {HASH.replace("2b", "2y", 1)}
rate_limit:
  interval: 1m0.5s
  burst: 20
""",
    )
    assert config.tls is not None
    assert config.tls.cert_file == tmp_path / "server.crt"
    assert config.tls.key_file == pathlib.Path("/etc/keys/server.key")
    assert config.tls.files == (tmp_path / "server.crt", config.tls.key_file, tmp_path / "ca.crt")
    assert config.tls.client_auth_type is ClientAuth.VERIFY
    assert config.tls.client_allowed_sans == ("prometheus.example", "10.0.0.1")
    assert (config.tls.min_version, config.tls.max_version) == (
        ssl.TLSVersion.TLSv1_2,
        ssl.TLSVersion.TLSv1_3,
    )
    assert config.tls.cipher_suites == ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",)
    assert not config.tls.prefer_server_cipher_suites
    assert config.tls.curve_preferences == ("X25519",)
    assert config.headers == {
        "Content-Security-Policy": "default-src 'none'",
        "X-Frame-Options": "deny",
        "X-Content-Type-Options": "nosniff",
        "X-XSS-Protection": "1",
        "Strict-Transport-Security": "max-age=31536000",
    }
    assert config.users == {"alice": HASH, "123": HASH.replace("2b", "2y", 1)}
    assert config.rate_limit == RateLimit(60.5, 20)


def test_pem_can_stand_in_the_file_itself(tmp_path: pathlib.Path) -> None:
    config = read(
        tmp_path, tls("client_ca: CA\nclient_auth_type: VerifyClientCertIfGiven", "cert: C\nkey: K\n")
    )
    assert config.tls is not None
    assert (config.tls.cert, config.tls.key, config.tls.client_ca) == ("C", "K", "CA")
    assert config.tls.files == ()


def test_blank_values_count_as_not_given(tmp_path: pathlib.Path) -> None:
    assert read(tmp_path, 'tls_server_config: {cert_file: "", client_auth_type: ""}').tls is None
    assert read(tmp_path, "http_server_config: {headers: {X-Frame-Options: ''}}").headers == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "tls_server_confg: {}",
            "line 1: tls_server_confg: no such key; did you mean tls_server_config?",
        ),
        ("\nfoo: 1", "line 2: foo: no such key"),
        (
            tls("cert_fil: x"),
            "line 4: tls_server_config.cert_fil: no such key; did you mean cert_file?",
        ),
        (tls("cert_file: x"), "line 4: tls_server_config.cert_file: is there twice"),
        ("- a", "line 1: expected keys and values"),
        ("tls_server_config: yes", "line 1: tls_server_config: expected keys and values"),
        (tls("cipher_suites: x"), "line 4: tls_server_config.cipher_suites: expected a list"),
        (tls("cipher_suites: [[x]]"), "line 4: tls_server_config.cipher_suites: expected text"),
        (tls("client_ca: {a: b}"), "line 4: tls_server_config.client_ca: expected text"),
        (
            tls("prefer_server_cipher_suites: maybe"),
            "line 4: tls_server_config.prefer_server_cipher_suites: expected true or false",
        ),
        (
            tls("min_version: TLS11"),
            "line 4: tls_server_config.min_version: expected one of TLS12, TLS13, not 'TLS11'",
        ),
        (
            tls("min_version: TLS13\nmax_version: TLS12"),
            "line 4: tls_server_config.min_version: is newer than max_version",
        ),
        (tls("", "min_version: TLS13\n"), "line 2: tls_server_config: cert_file or cert is needed"),
        (tls("", "cert: x\n"), "line 2: tls_server_config: key_file or key is needed"),
        (tls("cert: x"), "line 4: tls_server_config.cert: is given, and cert_file too"),
        (tls("key: x"), "line 4: tls_server_config.key: is given, and key_file too"),
        (
            tls("client_ca: x\nclient_ca_file: y"),
            "line 4: tls_server_config.client_ca: is given, and client_ca_file too",
        ),
        (
            tls("client_ca: x"),
            "line 4: tls_server_config.client_ca: is for nothing without client_auth_type",
        ),
        (
            tls("client_ca_file: x"),
            "line 4: tls_server_config.client_ca_file: is for nothing without client_auth_type",
        ),
        (
            tls("client_auth_type: RequireAndVerifyClientCert"),
            (
                "line 4: tls_server_config.client_auth_type: RequireAndVerifyClientCert needs client_ca_file or "
                "client_ca"
            ),
        ),
        (
            tls("client_auth_type: RequireClientCert"),
            (
                "line 4: tls_server_config.client_auth_type: RequireAnyClientCert would let in whoever makes a "
                "certificate; RequireAndVerifyClientCert asks for one that is signed"
            ),
        ),
        (
            tls("client_auth_type: Verify"),
            (
                "line 4: tls_server_config.client_auth_type: expected one of NoClientCert, RequestClientCert, "
                "RequireAnyClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert, not 'Verify'"
            ),
        ),
        (
            tls("client_allowed_sans: [x]\nclient_auth_type: VerifyClientCertIfGiven\nclient_ca: x"),
            (
                "line 4: tls_server_config.client_allowed_sans: needs client_auth_type "
                "RequireAndVerifyClientCert"
            ),
        ),
        (
            tls("client_allowed_sans: []\nclient_auth_type: RequireAndVerifyClientCert\nclient_ca: x"),
            "line 4: tls_server_config.client_allowed_sans: is empty, which lets nobody in",
        ),
        (
            "http_server_config: {http2: 2}",
            "line 1: http_server_config.http2: expected true or false",
        ),
        (
            "http_server_config:\n  headers:\n    Server: x",
            "line 3: http_server_config.headers.Server: no such key",
        ),
        (
            "http_server_config: {headers: {X-Frame-Options: allow}}",
            "line 1: http_server_config.headers.X-Frame-Options: expected one of deny, sameorigin, not 'allow'",
        ),
        (
            "basic_auth_users:\n  alice: secret",
            "line 2: basic_auth_users.alice: expected a bcrypt hash, as `htpasswd -nBC 10 NAME` prints it",
        ),
        (
            "basic_auth_users:\n  alice:",
            "line 2: basic_auth_users.alice: expected a bcrypt hash, as `htpasswd -nBC 10 NAME` prints it",
        ),
        (
            f"basic_auth_users: {{'a:b': {HASH}}}",
            "line 1: basic_auth_users.a:b: a name with a colon cannot be sent",
        ),
        ("rate_limit: {burst: x}", "line 1: rate_limit.burst: expected a whole number"),
        (
            "rate_limit: {interval: 1}",
            "line 1: rate_limit.interval: expected a duration, such as 500ms or 1m30s, not '1'",
        ),
        (
            "rate_limit: {interval: 1s}",
            "line 1: rate_limit: burst has to be at least 1, or no request would ever be answered",
        ),
        ("a: [", "line 1: no YAML: expected the node content, but found '<stream end>'"),
        ("a: 1\n---\nb: 2", "line 2: no YAML: but found another document"),
        (b"\x00", "no YAML: unacceptable character #x0000: special characters are not allowed"),
        ("[" * 5000, "no YAML that can be read: it is nested too deeply"),
        ("#" * 1024 * 1024 + "#", "more than 1048576 bytes"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_key(
    tmp_path: pathlib.Path, text: str | bytes, said: str
) -> None:
    assert refusal(tmp_path, text) == said


def test_a_zero_interval_limits_nothing(tmp_path: pathlib.Path) -> None:
    assert read(tmp_path, "rate_limit: {interval: 0, burst: 0}").rate_limit is None


def test_tags_call_nothing(tmp_path: pathlib.Path) -> None:
    """A value is text whatever its tag says; nothing is made of it."""
    text = "basic_auth_users: {alice: !!python/object/apply:os.system ['touch pwned']}"
    assert refusal(tmp_path, text) == "line 1: basic_auth_users.alice: expected text"


def test_a_file_that_is_not_there_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yml: no such file or directory"):
        read_web_config(tmp_path / "none.yml")


def test_keys_and_hashes_are_not_shown(tmp_path: pathlib.Path) -> None:
    shown = repr(read(tmp_path, tls("", "cert: C\nkey: SECRET\n") + f"basic_auth_users: {{alice: {HASH}}}"))
    assert "SECRET" not in shown
    assert HASH not in shown
    assert "<1 users>" in shown


def test_without_pyyaml_the_error_names_the_extra(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *arguments: object, **keywords: object) -> object:
        if name == "yaml":
            raise ImportError(name)
        return real(name, *arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", missing)
    assert refusal(tmp_path, "") == ("PyYAML is needed to read it: pip install calicometrics[web-config]")


@pytest.mark.parametrize("end", ["\\r\\n", "\\n", "\\r", "\\0", "\\u0085", "\\u2028"])
def test_no_value_of_a_header_holds_another_header(tmp_path: pathlib.Path, end: str) -> None:
    said = refusal(
        tmp_path, f'http_server_config: {{headers: {{X-XSS-Protection: "1{end}Set-Cookie: a=b"}}}}'
    )
    no_text = "has a NUL or half a character, which no text has"
    reason = no_text if end == "\\0" else "expected printable ASCII on one line"
    assert said == f"line 1: http_server_config.headers.X-XSS-Protection: {reason}"


def test_a_key_with_line_breaks_is_told_on_one_line(tmp_path: pathlib.Path) -> None:
    said = refusal(tmp_path, "rate_limit: {inter\r\r1m,burst: 2}")
    assert said == "line 3: rate_limit.inter\\n1m: no such key; did you mean interval?"
    assert refusal(tmp_path, '"\\x1b[2J": 1') == "line 1: \\x1b[2J: no such key"


def test_the_file_of_the_page_is_as_it_should_be(tmp_path: pathlib.Path) -> None:
    page = pathlib.Path(__file__).parents[3] / "docs" / "web-config.md"
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (example,) = [block for block in blocks if "tls_server_config" in block]
    config = read(tmp_path, example)
    assert config.tls is not None
    assert config.tls.client_allowed_sans == ("prometheus.monitoring.svc",)
    assert config.users.keys() == {"prometheus"}
    assert config.rate_limit == RateLimit(0.1, 50)
    check_hashes(config.users)


@pytest.mark.parametrize("character", ["\\0", "\\ud800", "\\udfff"])
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('tls_server_config: {cert_file: "aXb", key_file: k}', "tls_server_config.cert_file"),
        ('tls_server_config: {cert: c, key: "X"}', "tls_server_config.key"),
        ('tls_server_config: {client_allowed_sans: ["X"]}', "tls_server_config.client_allowed_sans"),
        ('basic_auth_users: {"X": hash}', "basic_auth_users"),
        ('"X": 1', ""),
    ],
)
def test_what_no_text_has_is_refused_wherever_it_stands(
    tmp_path: pathlib.Path, character: str, text: str, key: str
) -> None:
    where = f"line 1: {key}: " if key else "line 1: "
    said = refusal(tmp_path, text.replace("X", character))
    assert said == f"{where}has a NUL or half a character, which no text has"
