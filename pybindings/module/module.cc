// The Python module `_orrery`: what the package pybindings/orrery stands on. It translates types and errors,
// nothing else.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "conformance/check/check_history.h"
#include "conformance/rules/rules.h"
#include "platform/config/project.h"
#include "platform/runtime/spare_isolates.h"
#include "pybindings/module/app.h"
#include "pybindings/module/build_hash.h"
#include "pybindings/module/native_world.h"
#include "pybindings/module/python_model.h"

namespace py = pybind11;

namespace orrery::python {

namespace {

using HeaderPairs = std::vector<std::pair<std::string, std::string>>;

// Header values are bytes on the wire; a person reads them as Latin-1.
py::str latin1(std::string_view text) {
  return py::reinterpret_steal<py::str>(
      PyUnicode_DecodeLatin1(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr));
}

py::list header_list(const runtime::HeaderList& headers) {
  py::list out;
  size_t position = 0;
  std::string_view name, value;
  while (headers.next(position, name, value)) out.append(py::make_tuple(latin1(name), latin1(value)));
  return out;
}

py::bytes bytes_of(std::string_view text) { return py::bytes(text.data(), text.size()); }

// A frame as (kind, data, code): kind "text", "binary", "close" or "lost"; None when there is none.
py::object frame_of(const Ref<const runtime::SocketFrame>& frame) {
  using What = runtime::SocketFrame::What;
  if (!frame) return py::none();
  switch (frame->what) {
    case What::kText: {
      const std::string_view text = frame->data->text();
      return py::make_tuple("text", py::reinterpret_steal<py::str>(PyUnicode_DecodeUTF8(
                                        text.data(), static_cast<Py_ssize_t>(text.size()), "replace")), 0);
    }
    case What::kBinary: return py::make_tuple("binary", bytes_of(frame->data->text()), 0);
    case What::kClose: return py::make_tuple("close", py::str(frame->reason), frame->code);
    case What::kLost: break;
  }
  return py::make_tuple("lost", py::str(), 0);
}

py::dict result_of(const OperationResult& result) {
  py::dict out;
  switch (result.kind) {
    case OperationResult::Kind::kPending:
      out["kind"] = "pending";
      break;
    case OperationResult::Kind::kDone:
      out["kind"] = "sleep";
      break;
    case OperationResult::Kind::kResponse: {
      const runtime::HttpResponse& r = *result.exchange.response;
      out["kind"] = "response";
      out["status"] = r.status;
      out["headers"] = header_list(r.headers);
      out["body"] = bytes_of(r.body.text());
      out["latency_us"] = (result.exchange.received - result.exchange.sent).us;
      out["socket"] = result.socket;
      break;
    }
    case OperationResult::Kind::kFrame:
      out["kind"] = "frame";
      out["frame"] = frame_of(result.frame);
      break;
    case OperationResult::Kind::kError:
      out["kind"] = "error";
      out["error"] = result.exchange.error;
      out["never_sent"] = result.exchange.never_sent;
      out["dropped"] = result.dropped;
      break;
    case OperationResult::Kind::kLoad: {
      const client::LoadResult& l = result.load;
      out["kind"] = "load";
      out["sent"] = l.sent;
      out["ok"] = l.ok;
      out["refused"] = l.refused;
      out["failed"] = l.failed;
      out["unknown"] = l.unknown;
      py::dict latency;
      auto percentile = [&](int p) {
        return l.latencies_us.empty() ? 0
                                      : l.latencies_us[(l.latencies_us.size() - 1) * p / 100];
      };
      for (int p : {50, 90, 99}) latency[("p" + std::to_string(p)).c_str()] = percentile(p);
      out["latency_us"] = latency;
      break;
    }
  }
  return out;
}

py::object parse_json(const std::string& text) {
  return py::module_::import("json").attr("loads")(text);
}

py::list origin_requests(NativeWorld& world) {
  py::list out;
  for (const NativeWorld::OriginRequest& r : world.pending_origin_requests()) {
    py::dict entry;
    entry["id"] = r.id;
    entry["handler"] = r.handler;
    entry["method"] = r.request->method;
    entry["url"] = r.request->url;
    entry["headers"] = header_list(r.request->headers);
    entry["body"] = bytes_of(r.request->body.text());
    out.append(entry);
  }
  return out;
}

}  // namespace

PYBIND11_MODULE(_orrery, m) {
  m.doc() = "The world and the platform of Orrery; see pybindings/README.md.";
  py::register_exception<BadInput>(m, "BadInput", PyExc_ValueError);

  m.def("build_hash", &build_hash, "Hash of this build's code, 16 hex digits.");
  m.def("setup", &setup, "Starts V8 and makes the snapshot; once per process, before any fork.");
  m.def("isolates_asked", [] { return snapshot().spares().asked(); },
        "How many isolates this process, and those it was forked from, have asked for.");
  m.def("keep_isolates", [](size_t count) { snapshot().spares().keep(count); }, py::arg("count"),
        "Makes isolates ahead of their use, for children forked from now on; results do not depend on it.");
  m.def(
      "read_project",
      [](const std::string& folder, const std::optional<std::string>& environment) {
        config::ReadOptions options;
        if (environment) options.environment = *environment;
        auto project = config::read_project(folder, options);
        if (!project.ok()) throw BadInput(project.error().text());
        return config::to_json(project.value());
      },
      py::arg("folder"), py::arg("environment") = py::none(),
      "The wrangler project in a folder, as JSON text.");
  m.def("rules", &rules::to_json, "The table of guarantees, as JSON text.");
  m.def("check_history", [](const std::string& text, const std::string& model,
                            const std::string& options) {
    return check::check_history(text, model, options);
  });
  m.def(
      "check_history_with",
      [](const std::string& text, const py::object& asked, const std::string& name, const std::string& options) {
        PythonModel model(asked);
        std::string document = check::check_history(text, model, name, options);
        return py::make_tuple(std::move(document), model.raised());
      },
      py::arg("text"), py::arg("asked"), py::arg("name"), py::arg("options"),
      "As check_history, by a model of Python's own: its document, and what the model raised or None.");

  py::class_<App, std::shared_ptr<App>>(m, "App").def("blocks", &App::blocks);
  m.def("probes", &sometimes_catalogue);
  m.def("load_app",
        [](const std::vector<std::string>& folders, const std::vector<std::pair<std::string, std::string>>& later) {
          return std::make_shared<App>(folders, later);
        },
        py::arg("folders"), py::arg("later") = std::vector<std::pair<std::string, std::string>>{},
        "The Workers of a world from their app folders; clients reach the first. Versions for later by name and folder.");

  py::class_<NativeWorld>(m, "World")
      .def(py::init([](std::shared_ptr<App> app, const std::string& options) {
             if (!app) throw BadInput("a world needs an app");
             return std::make_unique<NativeWorld>(*app, options);
           }),
           py::keep_alive<1, 2>())
      .def("now_us", &NativeWorld::now_us)
      .def("client", &NativeWorld::client)
      .def("request",
           [](NativeWorld& w, uint64_t client, const std::string& method, const std::string& url,
              const HeaderPairs& headers, const std::optional<py::bytes>& body) {
             std::optional<std::string> text;
             if (body) text = std::string(*body);
             return w.request(client, method, url, headers, text ? &*text : nullptr);
           })
      .def("socket_send",
           [](NativeWorld& w, uint64_t socket, const py::object& message) {
             using What = runtime::SocketFrame::What;
             const bool text = py::isinstance<py::str>(message);
             const auto data = message.cast<std::string>();
             return w.socket_send(socket, runtime::SocketFrame::message(text ? What::kText : What::kBinary,
                                                                        Buffer::copy(data)));
           })
      .def("socket_close",
           [](NativeWorld& w, uint64_t socket, uint16_t code, const std::string& reason) {
             return w.socket_send(socket, runtime::SocketFrame::close(code, reason));
           })
      .def("socket_receive", &NativeWorld::socket_receive)
      .def("socket_open", &NativeWorld::socket_open)
      .def("sleep", &NativeWorld::sleep)
      .def("load", &NativeWorld::load)
      .def("step", &NativeWorld::step)
      .def("pause_at", &NativeWorld::pause_at)
      .def("pause_after", &NativeWorld::pause_after)
      .def("paused", &NativeWorld::paused)
      .def("steps", &NativeWorld::steps)
      .def("events", [](NativeWorld& w) { return w.world().trace().events(); })
      .def("redraw", &NativeWorld::redraw)
      .def("redrawn", &NativeWorld::redrawn)
      .def("op_result",
           [](NativeWorld& w, uint64_t operation) { return result_of(w.result(operation)); })
      .def("idle", &NativeWorld::idle)
      .def("broken", &NativeWorld::broken)
      .def("slice_to_answer",
           [](NativeWorld& w, const std::string& client, uint64_t nth) {
             return parse_json(w.slice_to_answer(client, nth));
           })
      .def("fault", &NativeWorld::fault)
      .def("deploy", &NativeWorld::deploy)
      .def("heal", &NativeWorld::heal)
      .def("settle", &NativeWorld::settle)
      .def("stuck", &NativeWorld::stuck)
      .def("note", &NativeWorld::note)
      .def("origin", &NativeWorld::origin)
      .def("pending_origin_requests", &origin_requests)
      .def("origin_reply",
           [](NativeWorld& w, uint64_t id, int status, const HeaderPairs& headers,
              const py::bytes& body) { w.origin_reply(id, status, headers, std::string(body)); })
      .def("history_add", &NativeWorld::history_add)
      .def("history",
           [](NativeWorld& w) {
             py::list out;
             for (const Json& line : w.history()) out.append(parse_json(line.dump()));
             return out;
           })
      .def("check", [](NativeWorld& w, const std::string& model,
                       const std::string& options) { return parse_json(w.check(model, options)); })
      .def("objects",
           [](NativeWorld& w, const std::string& class_name) {
             py::list out;
             for (const auto& o : w.cloud().objects(class_name)) {
               py::dict entry;
               entry["name"] = o.name;
               entry["class"] = class_name;
               entry["host"] = o.host;
               entry["epoch"] = o.epoch;
               out.append(entry);
             }
             return out;
           })
      .def("kv_get",
           [](NativeWorld& w, const std::string& space, const std::string& key) -> py::object {
             if (!w.cloud().kv().find(space)) throw BadInput("there is no KV namespace \"" + space + "\"");
             auto record = w.cloud().kv_record(space, key);
             if (!record || record->deleted) return py::none();
             return bytes_of(record->value->text());
           })
      .def("kv_keys",
           [](NativeWorld& w, const std::string& space) {
             if (!w.cloud().kv().find(space)) throw BadInput("there is no KV namespace \"" + space + "\"");
             return w.cloud().kv_keys(space);
           })
      .def("hash", [](NativeWorld& w) { return hex64(w.world().trace().hash()); })
      .def("window", &NativeWorld::window)
      .def("finish", &NativeWorld::finish)
      .def("coverage", &NativeWorld::coverage)
      .def("write_trace", &NativeWorld::write_trace);
}

}  // namespace orrery::python
