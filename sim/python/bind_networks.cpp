// SPDX-License-Identifier: Apache-2.0
// Networks, codes, accelerators and programs for Python. Arguments come checked by the package.
#include <optional>
#include <string>
#include <tuple>

#include "brownout/accelerator.hpp"
#include "brownout/network.hpp"
#include "sim/python/binding.hpp"

namespace brownout::python {
namespace {

using Floats = py::array_t<float>;
using CodeArray = py::array_t<std::uint8_t>;

std::vector<float> floats_of(const Floats& array) {
  return {array.data(), array.data() + array.size()};
}

Coding coding_of(const std::string& scheme, int bits, const Floats& alpha, const Floats& beta) {
  Coding coding;
  coding.scheme = scheme;
  coding.bits = bits;
  coding.alpha = floats_of(alpha);
  coding.beta = floats_of(beta);
  return coding;
}

py::tuple ranges_of(Coding&& coding) {
  return py::make_tuple(array_of(std::move(coding.alpha)), array_of(std::move(coding.beta)));
}

py::tuple fit_values(const Floats& values, const std::string& scheme, int bits,
                     std::int64_t channels) {
  const float* const data = values.data();
  const std::int64_t count = values.size();
  return ranges_of(without_gil([&] { return fit(data, count, scheme, bits, channels); }));
}

void encode_values(const Floats& values, const std::string& scheme, int bits, const Floats& alpha,
                   const Floats& beta, const std::string& rounding, CodeArray codes) {
  const Coding coding = coding_of(scheme, bits, alpha, beta);
  const float* const from = values.data();
  std::uint8_t* const to = codes.mutable_data();
  const std::int64_t count = values.size();
  without_gil([&] { encode(coding, from, count, to, rounding); });
}

void decode_codes(const CodeArray& codes, const std::string& scheme, int bits, const Floats& alpha,
                  const Floats& beta, Floats values) {
  const Coding coding = coding_of(scheme, bits, alpha, beta);
  const std::uint8_t* const from = codes.data();
  float* const to = values.mutable_data();
  const std::int64_t count = codes.size();
  without_gil([&] { decode(coding, from, count, to); });
}

/// As the fields of the package's Parameter.
py::tuple fields_of(Parameter&& parameter) {
  const std::vector<py::ssize_t> shape(parameter.shape.begin(), parameter.shape.end());
  const bool coded = !parameter.scheme.empty();
  std::vector<std::uint8_t> codes = parameter.codes();
  const auto when_coded = [&](auto make) { return coded ? py::object(make()) : py::none(); };
  return py::make_tuple(parameter.name, parameter.role,
                        when_coded([&] { return py::str(parameter.scheme); }),
                        when_coded([&] { return py::int_(parameter.bits); }),
                        when_coded([&] { return array_of(std::move(parameter.alpha)); }),
                        when_coded([&] { return array_of(std::move(parameter.beta)); }),
                        when_coded([&] { return array_of(std::move(parameter.n), shape); }),
                        when_coded([&] { return array_of(std::move(codes), shape); }),
                        array_of(std::move(parameter.values), shape));
}

py::list parameters_of(const Network& network) {
  py::list list;
  for (Parameter& parameter : without_gil([&] { return network.parameters(); })) {
    list.append(fields_of(std::move(parameter)));
  }
  return list;
}

Network with_codes(const Network& network, const std::vector<py::array_t<std::int8_t>>& arrays) {
  std::vector<std::vector<std::int8_t>> codes;
  for (const auto& array : arrays) codes.emplace_back(array.data(), array.data() + array.size());
  return without_gil([&] { return network.with_codes(codes); });
}

template <typename T>
T taken(const py::dict& given, const char* name) {
  return given[name].cast<T>();
}

/// The network and the remarks on its file.
py::tuple import_network(const Text& file, const py::dict& given, int threads) {
  ImportOptions options;
  options.dataset = taken<Text>(given, "dataset").bytes;
  options.data = taken<Text>(given, "data").bytes;
  options.calibration_images = taken<std::int64_t>(given, "calibration_images");
  options.test_images = taken<std::int64_t>(given, "test_images");
  options.mean = taken<std::vector<double>>(given, "mean");
  options.deviation = taken<std::vector<double>>(given, "deviation");
  options.input = taken<std::vector<std::int64_t>>(given, "input");
  options.fold_batch_norm = taken<bool>(given, "fold_batch_norm");
  options.calibration = taken<std::string>(given, "calibration");
  options.percentile = taken<double>(given, "percentile");
  options.scheme = taken<std::string>(given, "scheme");
  options.bits = taken<int>(given, "bits");
  options.per_channel = taken<bool>(given, "per_channel");
  options.equalize = taken<bool>(given, "equalize");
  options.bias_correction = taken<bool>(given, "bias_correction");
  options.rounding = taken<std::string>(given, "rounding");
  options.w_max = taken<std::optional<double>>(given, "w_max");
  options.coded = taken<std::vector<std::string>>(given, "coded");
  std::vector<std::string> remarks;
  Network network =
      without_gil([&] { return Network::from_onnx(file.bytes, options, threads, &remarks); });
  py::list texts;
  for (std::string& remark : remarks) texts.append(Text{std::move(remark)});
  return py::make_tuple(std::move(network), texts);
}

py::list layers_of(const Program& program) {
  py::list list;
  for (const Program::Layer& layer : program.layers()) {
    list.append(py::make_tuple(layer.name, layer.macs, layer.closed_form_cycles));
  }
  return list;
}

}  // namespace

void add_networks(py::module_& module) {
  module.def("scheme_names", &scheme_names);
  module.def("rounding_names", &rounding_names);
  module.def("fit", fit_values);
  module.def("fit_range", [](const std::string& scheme, int bits, double low, double high) {
    return ranges_of(fit_range(low, high, scheme, bits));
  });
  module.def("encode", encode_values);
  module.def("decode", decode_codes);

  py::class_<Network>(module, "Network")
      .def_static(
          "load",
          [](const Text& file) { return without_gil([&] { return Network::load(file.bytes); }); })
      .def_static("from_onnx", import_network)
      .def_property_readonly("name", [](const Network& network) { return Text{network.name()}; })
      .def_property_readonly("file", [](const Network& network) { return Text{network.file()}; })
      .def_property_readonly("sha256", &Network::sha256)
      .def_property_readonly("bits", &Network::bits)
      .def_property_readonly("classes", &Network::classes)
      .def_property_readonly("input_shape", &Network::input_shape)
      .def_property_readonly("mean", &Network::input_mean)
      .def_property_readonly("deviation", &Network::input_deviation)
      .def_property_readonly("coded_parameters", &Network::coded_parameters)
      .def_property_readonly("coded_bits", &Network::coded_bits)
      .def("parameters", parameters_of)
      .def("with_codes", with_codes)
      .def("save", [](const Network& network, const Text& file, bool overwrite) {
        without_gil([&] { network.save(file.bytes, overwrite); });
      });

  py::class_<AcceleratorConfig>(module, "AcceleratorConfig")
      .def(py::init([](const Text& file) { return AcceleratorConfig(file.bytes); }))
      .def_property_readonly("name",
                             [](const AcceleratorConfig& config) { return Text{config.name()}; })
      .def_property_readonly("file",
                             [](const AcceleratorConfig& config) { return Text{config.file()}; })
      .def_property_readonly("rows", &AcceleratorConfig::rows)
      .def_property_readonly("columns", &AcceleratorConfig::columns)
      .def_property_readonly("dataflow", &AcceleratorConfig::dataflow)
      .def_property_readonly("clock_mhz", &AcceleratorConfig::clock_mhz);

  py::class_<Program>(module, "Program")
      .def(py::init([](const Network& network, const AcceleratorConfig& accelerator, int batch,
                       std::uint64_t bit_offset) {
        return without_gil(
            [&] { return std::make_unique<Program>(network, accelerator, batch, bit_offset); });
      }))
      .def_property_readonly("batch", &Program::batch)
      .def_property_readonly("weight_words", &Program::weight_words)
      .def("layers", layers_of);
}

}  // namespace brownout::python
