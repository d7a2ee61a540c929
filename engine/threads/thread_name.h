// Names for threads, as top and /proc show them.
#ifndef VERDICT_ENGINE_THREADS_THREAD_NAME_H_
#define VERDICT_ENGINE_THREADS_THREAD_NAME_H_

#include <pthread.h>

#include <string>

namespace verdict {

// Names the calling thread, so that its CPU time can be told from the others'. The kernel keeps 15
// characters; a longer name is not set.
inline void NameThisThread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.c_str());
}

}  // namespace verdict

#endif  // VERDICT_ENGINE_THREADS_THREAD_NAME_H_
