#!/usr/bin/env node
// There from the start, so that an install before the first build can link the command.
import "../dist/main.js";
