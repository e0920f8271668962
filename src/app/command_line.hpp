// The command line: verbs, their options, and which command answers. Each verb is a file of its own.
//
// One call per process. Usage errors end with 64 and one sentence; help has examples first. Results go to
// stdout, everything else to stderr. A command whose results could not be written ends with 73, whichever it
// is.
#pragma once

namespace weir::app {

int command_line(int argc, char** argv);  // the exit code

}  // namespace weir::app
