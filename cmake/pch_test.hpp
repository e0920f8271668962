// Precompiled for every test: the standard parts and GoogleTest.
#pragma once
#include "pch_std.hpp"

#include <gtest/gtest.h>
