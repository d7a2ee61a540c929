// What is settled for the whole process.
#ifndef VERDICT_SERVER_PROCESS_PROCESS_SETTINGS_H_
#define VERDICT_SERVER_PROCESS_PROCESS_SETTINGS_H_

namespace verdict {

// Settles how this process locks, allocates and opens files, and that nobody sees its memory. To be
// called before any other thread starts.
void ConfigureProcess();

}  // namespace verdict

#endif  // VERDICT_SERVER_PROCESS_PROCESS_SETTINGS_H_
