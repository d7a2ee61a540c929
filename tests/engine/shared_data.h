// Large data that lies beside the repository on some machines, and not within it.
#ifndef VERDICT_TESTS_ENGINE_SHARED_DATA_H_
#define VERDICT_TESTS_ENGINE_SHARED_DATA_H_

#include <cstdlib>
#include <string>

namespace verdict {

// The file or folder `name` of it: under $VERDICT_SHARED_DATA, or where CMake says.
inline std::string SharedData(const std::string& name) {
  const char* const folder = std::getenv("VERDICT_SHARED_DATA");
  return std::string(folder != nullptr ? folder : VERDICT_DEFAULT_SHARED_DATA) + "/" + name;
}

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_SHARED_DATA_H_
