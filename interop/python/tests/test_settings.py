import unittest

from samspel import ConfigurationError, Settings, redact_url


class SettingsTest(unittest.TestCase):
    def refused(self, setting: str, environment: dict[str, str]) -> str:
        with self.assertRaises(ConfigurationError) as raised:
            getattr(Settings("inventory", environment), setting)
        return str(raised.exception)

    def test_defaults_hold_when_nothing_is_set(self) -> None:
        settings = Settings("popular-items", {"SAMSPEL_HOST": ""})
        settings.check()
        self.assertEqual((settings.host, settings.port), ("127.0.0.1", 0))
        self.assertEqual(settings.consul_url, "http://127.0.0.1:8500")
        self.assertEqual(settings.schema, "popular_items")
        self.assertEqual(settings.topic_prefix, "")

    def test_a_refusal_names_the_setting_the_value_and_the_fix(self) -> None:
        cases = [
            ("port", {"SAMSPEL_PORT": "70000"}, "SAMSPEL_PORT must be a port number from 0 to 65535: current value is 70000"),
            ("port", {"SAMSPEL_PORT": "-1"}, "SAMSPEL_PORT must be a port number from 0 to 65535: current value is -1"),
            ("database_url", {}, "DATABASE_URL must be a postgres:// URL: it is not set"),
            ("nats_url", {"NATS_URL": "http://h:1"}, "NATS_URL must be a nats:// URL: current value is http://h:1"),
            ("consul_url", {"CONSUL_HTTP_ADDR": "h:1"}, "CONSUL_HTTP_ADDR must be a http:// URL: current value is <invalid URL>"),
            ("topic_prefix", {"SAMSPEL_TOPIC_PREFIX": "a."}, "SAMSPEL_TOPIC_PREFIX must be letters, digits and -: current value is a."),
            ("schema", {"SAMSPEL_SCHEMA": "a;b"}, "SAMSPEL_SCHEMA must be a name of lower case letters, digits and _: current value is a;b"),
            ("log_level", {"LOG_LEVEL": "loud"}, "LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent: current value is loud"),
        ]  # fmt: skip
        for setting, environment, message in cases:
            with self.subTest(message=message):
                self.assertEqual(self.refused(setting, environment), f"Cannot start inventory as {message}")

    def test_a_refusal_keeps_the_password(self) -> None:
        message = self.refused("database_url", {"DATABASE_URL": "mysql://u:secret@h/db?password=secret"})
        self.assertTrue(message.endswith("current value is mysql://u@h/db"), message)


class RedactUrl(unittest.TestCase):
    def test_redact_url_takes_out_password_and_query(self) -> None:
        self.assertEqual(redact_url("postgres://u:p@h:5/db?a=b"), "postgres://u@h:5/db")
        self.assertEqual(redact_url("nats://[::1]:4222/"), "nats://[::1]:4222")
        self.assertEqual(redact_url("nats://h:no-port"), "<invalid URL>")
        self.assertEqual(redact_url("secret"), "<invalid URL>")
