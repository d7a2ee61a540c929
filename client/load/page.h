// What a load has measured, as a page to look at.
#ifndef VERDICT_CLIENT_LOAD_PAGE_H_
#define VERDICT_CLIENT_LOAD_PAGE_H_

#include <nlohmann/json.hpp>
#include <string>

namespace verdict {

// One HTML page that needs nothing from outside: the report of LoadReport with the figures of
// LoadFigures as its "tiles", and what draws it.
// Whatever strings the report holds, they stay text.
std::string LoadPage(const nlohmann::ordered_json& report);

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_PAGE_H_
