#include "config/harmless_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::config {
namespace {

TEST(HarmlessText, OrdinaryWordsAndFormsAreNotMistakenForSecrets) {
  for (auto const* text : {"production",
                           "DEBUG",
                           "Production",
                           "application/json",
                           "application/json, text/event-stream",
                           "text/html; charset=utf-8",
                           "read-only",
                           "streamable-http",
                           "en_US.UTF-8",
                           "C.UTF-8",
                           "us-east-1",
                           "2026-07-28",
                           "10.20.30.40:8080",
                           "1000000ms",
                           "info,mcp=debug",
                           "--max-old-space-size=4096",
                           "weir-agent/1.0",
                           "/usr/bin:/bin",
                           "/data/projects",
                           "/srv/me/My Documents",
                           "./relative/path",
                           "db.example.com:5432",
                           "localhost:8080",
                           "postgres:5432",
                           "a quoted value",
                           "12345678",
                           ""}) {
    EXPECT_TRUE(is_harmless_text(text)) << text;
  }
}

TEST(HarmlessText, WhatHasNoOrdinaryFormIsTakenForASecret) {
  for (auto const* text :
       {"ghp_PATPATPAT1234567", "sk-ARGARGARG-998877", "hunter2-long-pw", "dbpassword-PPPP-9",
        "literal-SECRET-aaaa-1111", "correct-horse-battery-staple",
        "/wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "123e4567-e89b-12d3-a456-426614174000",
        "eyJhbGciOi.eyJzdWIiOi.SflKxwRJ", "xY9aBcDe", "correcthorsebatterystaple", "8472915abc",
        "app password1 here", "KEY=xY9aBcDe"}) {
    EXPECT_FALSE(is_harmless_text(text)) << text;
  }
}

TEST(HarmlessText, PathsAndHostsAreLookedAtAsAWhole) {
  EXPECT_TRUE(is_place_on_disk("/etc/weir/key.pem"));
  EXPECT_FALSE(is_place_on_disk("/etc/weir\nsecret"));
  EXPECT_FALSE(is_place_on_disk("/"));
  EXPECT_FALSE(is_place_on_disk("/etc:"));
  EXPECT_TRUE(is_host("a.example"));
  EXPECT_FALSE(is_host("a..example"));
  EXPECT_FALSE(is_host("example"));
  EXPECT_FALSE(is_host("db:port"));
  EXPECT_FALSE(is_host("A.b1"));
}

}  // namespace
}  // namespace weir::config
