// SPDX-License-Identifier: Apache-2.0
// The nodes of these tests start this binary as their worker.
#include "node/comparison.h"

int worker_main();
int worker_main() { return sampan::node::run_worker(); }
