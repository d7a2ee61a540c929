// Settings of the whole process.
#ifndef VERDICT_SERVER_PROCESS_PROCESS_SETTINGS_H_
#define VERDICT_SERVER_PROCESS_PROCESS_SETTINGS_H_

namespace verdict {

// Sets how this process locks, allocates memory and opens files, and keeps others from reading its
// memory. Must be called before any other thread starts.
void ConfigureProcess();

}  // namespace verdict

#endif  // VERDICT_SERVER_PROCESS_PROCESS_SETTINGS_H_
