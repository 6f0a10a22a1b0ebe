package sala.app.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.parser.Parser;
import org.jsoup.select.Elements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BenchmarkReportTest {
    @TempDir
    Path folder;

    /** A result as JMH writes it, of so many operations a second in each iteration. */
    private static String result(
            String benchmark, String parameters, String rates, double gigabytes, double gigaflops) {
        return """
                {"jmhVersion":"1.37","benchmark":"%s","mode":"thrpt","threads":1,"forks":1,"jdkVersion":"25.0.3",
                 "params":{%s},
                 "primaryMetric":{"score":1,"scoreError":"NaN","scoreUnit":"ops/s","rawData":[[%s]]},
                 "secondaryMetrics":{
                  "gigabytes":{"score":%s,"rawData":[[1]]},"gigaflops":{"score":%s,"rawData":[[1]]},
                  "shareOfBandwidth":{"score":0.5,"rawData":[[1]]},"shareOfPeak":{"score":0.25,"rawData":[[1]]},
                  "error":{"score":1e-7,"rawData":[[1]]}}}""".formatted(benchmark, parameters, rates, gigabytes, gigaflops);
    }

    private static String attention(String operation, int contextLength, double rate) {
        return result(
                "sala.jmh.%sBenchmark.run".formatted(operation),
                "\"backend\":\"CPU\",\"tokens\":\"1\",\"contextLength\":\"%d\"".formatted(contextLength),
                "%1$s,%1$s,%1$s".formatted(rate),
                10,
                40);
    }

    private Path write(String name, String... results) throws IOException {
        return Files.writeString(folder.resolve(name), "[" + String.join(",\n", results) + "]");
    }

    private Document page(Path file, Optional<Path> other) {
        String html = BenchmarkReport.of(file, other).page();
        Parser parser = Parser.htmlParser().setTrackErrors(10);
        Document document = Jsoup.parse(html, "", parser);
        assertEquals(List.of(), parser.getErrors());
        return document;
    }

    private Path sweep() throws IOException {
        List<String> results = new ArrayList<>();
        for (int length : new int[] {1024, 16_384, 262_144}) {
            results.add(attention("DenseAttention", length, 1e7 / length));
            results.add(attention("SparseAttention", length, 2000));
            results.add(attention("BlockSelection", length, 1e8 / length));
        }
        results.add(result("sala.jmh.LightningStepBenchmark.run", "\"backend\":\"CPU\"", "900,950", 5, 2));
        return write("sweep.json", results.toArray(String[]::new));
    }

    @Test
    void drawsRooflineContextsAndCrossover() throws IOException {
        Document document = page(sweep(), Optional.empty());
        assertEquals(
                List.of(
                        "Run",
                        "Roofline, backend CPU",
                        "One token against the context, backend CPU",
                        "Sparse against dense attention, backend CPU",
                        "Results"),
                document.select("h2").eachText());
        assertEquals(3, document.select("figure").size());
        assertEquals(10, document.select("tbody tr").size());
        for (Element figure : document.select("figure")) {
            String light = svg(figure.select("img").get(0).attr("src"));
            String dark = svg(figure.select("source").get(0).attr("srcset"));
            assertTrue(light.contains("<svg") && dark.contains("<svg"));
            assertFalse(light.equals(dark));
        }
    }

    /** A device's file, whose operations have been asked of the device's clock. */
    private Path device(String name, String backend, double speed) throws IOException {
        List<String> results = new ArrayList<>();
        for (int length : new int[] {4096, 65_536}) {
            for (String operation : List.of("DenseAttention", "SparseAttention", "BlockSelection")) {
                double rate = speed * (operation.equals("DenseAttention") ? 1e9 / length : 40_000);
                results.add(onDevice(operation, length, "1", "AUTO", rate));
                results.add(onDevice(operation, length, "2048", "AUTO", rate / 100));
                results.add(onDevice(operation, length, "2048", "PORTABLE", rate / 500));
            }
        }
        Files.writeString(
                folder.resolve(name + ".machine.json"),
                "{\"device\":\"h100\",\"backend\":\"%s, NVIDIA %s\",\"driver\":\"580.95\"}"
                        .formatted(backend, backend));
        return write(name + ".json", results.toArray(String[]::new));
    }

    private static String onDevice(String operation, int contextLength, String tokens, String kernels, double rate) {
        String parameters =
                "\"backend\":\"TORNADO\",\"cacheType\":\"F16\",\"tokens\":\"%s\",\"kernels\":\"%s\",\"contextLength\":\"%d\""
                        .formatted(tokens, kernels, contextLength);
        String rates = "%s,%s,%s".formatted(rate, rate * 1.01, rate * 0.99);
        return result("sala.jmh.%sBenchmark.run".formatted(operation), parameters, rates, 1400, 60_000)
                .replace(
                        "\"secondaryMetrics\":{",
                        "\"secondaryMetrics\":{\"deviceKernelMicros\":{\"score\":31.5},\"deviceCompileMillis\":{\"score\":850},"
                                + "\"deviceTransferMillis\":{\"score\":12},");
    }

    @Test
    void drawsADeviceUnderItsBackendsName() throws IOException {
        Document document = page(device("cuda", "CUDA", 1), Optional.empty());
        assertEquals(
                List.of(
                        "Run",
                        "Roofline, backend CUDA",
                        "One token against the context, backend CUDA",
                        "Many tokens against the context, backend CUDA",
                        "Sparse against dense attention, backend CUDA",
                        "Results",
                        "By the device's clock"),
                document.select("h2").eachText());
        String many = document.select("img").get(2).attr("alt");
        assertTrue(many.contains("dense attention F16, 2048 tokens"), many);
        assertTrue(many.contains("dense attention portable F16, 2048 tokens"), many);
        String roofline = document.select("img").get(0).attr("alt");
        assertTrue(roofline.contains("limit: 2800.0 GB/s, 240000 GFLOP/s"), roofline);
        Element clock = document.select("table").get(1);
        assertEquals(
                List.of("operation", "parameters", "time", "kernels", "compilation", "copies"),
                clock.select("th").eachText());
        assertEquals(18, clock.select("tbody tr").size());
        assertTrue(clock.text().contains("31.50 us 850.0 ms 12.00 ms"), clock.text());
    }

    @Test
    void comparesTheBackendsOfADevice() throws IOException {
        Document document = page(device("opencl", "OPENCL", 1), Optional.of(device("cuda", "CUDA", 2)));
        assertTrue(document.text().contains("faster: 18, slower: 0"), document.text());
        assertTrue(document.text().contains("OPENCL, NVIDIA OPENCL")
                && document.text().contains("CUDA, NVIDIA CUDA"));
        assertEquals(
                Set.of("roofline-cuda", "decode-context-cuda", "prefill-context-cuda", "crossover-cuda"),
                BenchmarkReport.of(device("cuda", "CUDA", 2), Optional.empty())
                        .plots()
                        .keySet());
    }

    private static String svg(String uri) {
        String head = "data:image/svg+xml;base64,";
        assertTrue(uri.startsWith(head), uri);
        return new String(Base64.getDecoder().decode(uri.substring(head.length())), StandardCharsets.UTF_8);
    }

    /** Dense takes L/10 us, sparse with its selection 500 us and L/100 us: equal at 5556 tokens. */
    @Test
    void findsWhereSparseAttentionBecomesFaster() throws IOException {
        Elements captions = page(sweep(), Optional.empty()).select("figcaption");
        String caption = captions.get(captions.size() - 1).text();
        String tokens =
                caption.replaceAll(".*from about ([\\d,]+) tokens.*", "$1").replace(",", "");
        assertTrue(tokens.matches("\\d+"), caption);
        assertEquals(5556, Integer.parseInt(tokens), 800, caption);
    }

    @Test
    void asksForNothingOutside() throws IOException {
        Document document = page(sweep(), Optional.of(sweep()));
        assertEquals(0, document.select("script, link, iframe, object, embed").size());
        Set<String> schemes = document.select("[src], [srcset], [href]").stream()
                .flatMap(element -> Stream.of(element.attr("src"), element.attr("srcset"), element.attr("href")))
                .filter(address -> !address.isEmpty())
                .map(address -> address.substring(0, address.indexOf(':')))
                .collect(Collectors.toSet());
        assertEquals(Set.of("data"), schemes);
        assertFalse(document.select("style").html().contains("url("));
    }

    @Test
    void escapesWhatFilesSay() throws IOException {
        String hostile = "<script>alert('&')</script>\\\"";
        Path file = write(
                "hostile.json",
                result(
                        "a.%sBenchmark.run".formatted(hostile),
                        "\"%s\":\"%s\"".formatted(hostile, hostile),
                        "1,2",
                        1,
                        1));
        Files.writeString(
                folder.resolve("hostile.machine.json"),
                "{\"device\":\"%s\",\"flags\":[\"%s\",\"-Xmx1g\"]}".formatted(hostile, hostile));
        Document document = page(file, Optional.empty());
        assertEquals(0, document.select("script").size());
        assertTrue(document.title().contains("<script>alert('&')</script>\""), document.title());
        assertTrue(document.select("td").eachText().stream().anyMatch(text -> text.contains("<script>alert('&')")));
        assertTrue(document.select("dd").eachText().stream().anyMatch(text -> text.endsWith("-Xmx1g")));
    }

    @Test
    void judgesTwoFiles() throws IOException {
        String same = "\"backend\":\"CPU\"";
        Path before = write(
                "before.json",
                result("a.FasterBenchmark.run", same, "100,101,102,99,98", 1, 1),
                result("a.SlowerBenchmark.run", same, "100,101,102,99,98", 1, 1),
                result("a.SameBenchmark.run", same, "100,120,80,110,90", 1, 1),
                result("a.OnceBenchmark.run", same, "100", 1, 1),
                result("a.GoneBenchmark.run", same, "100,101", 1, 1));
        Path after = write(
                "after.json",
                result("a.FasterBenchmark.run", same, "200,201,202,199,198", 1, 1),
                result("a.SlowerBenchmark.run", same, "50,51,52,49,48", 1, 1),
                result("a.SameBenchmark.run", same, "101,121,79,112,90", 1, 1),
                result("a.OnceBenchmark.run", same, "500", 1, 1));
        Document document = page(before, Optional.of(after));
        Element table = document.select("table").get(0);
        assertEquals(
                List.of("faster", "slower", "no difference shown", "too few samples"),
                table.select("tbody tr").stream()
                        .map(row -> row.child(7).text())
                        .toList());
        assertEquals("2.000", table.select("tbody tr").get(0).child(5).text());
        assertTrue(document.text().contains("faster: 1, slower: 1, no difference shown: 1, too few samples: 1"));
    }

    /** Two samples of one distribution: at a level of 1 % hardly more than one comparison in a hundred may differ. */
    @Test
    void seldomSeesADifferenceWhereThereIsNone() {
        Random random = new Random(42);
        long different = IntStream.range(0, 2000)
                .filter(_ -> {
                    Comparison comparison = Comparison.of(measurement(random), measurement(random));
                    return comparison.verdict() != Comparison.Verdict.NO_DIFFERENCE_SHOWN;
                })
                .count();
        assertTrue(different > 2 && different < 40, different + " of 2000");
    }

    private static Measurement measurement(Random random) {
        return measured(random.doubles(8).mapToObj(sample -> 1 + sample).toList());
    }

    private static Measurement measured(List<Double> samples) {
        OptionalDouble nothing = OptionalDouble.empty();
        return new Measurement(
                "XBenchmark.run",
                new TreeMap<>(),
                samples,
                nothing,
                nothing,
                nothing,
                nothing,
                nothing,
                Optional.empty());
    }

    /** Times an operation are what counts, also where JMH counts a graph of several launches as one. */
    @Test
    void takesCountedOperationsBeforeJmhsOwn() throws IOException {
        Path file = write("counted.json", """
                {"benchmark":"a.XBenchmark.run","primaryMetric":{"scoreUnit":"ops/s","rawData":[[1,1]]},
                 "secondaryMetrics":{"operations":{"score":4,"rawData":[[4,4]]}}}""");
        assertEquals(0.25, ResultFile.read(file).measurements().getFirst().seconds(), 1e-12);
    }

    @Test
    void meansOfForksAreTheSamplesOfThreeForks() throws IOException {
        Path file = write("forks.json", """
                {"benchmark":"a.XBenchmark.run","primaryMetric":{"scoreUnit":"ms/op","rawData":[[1,3],[4,4],[6,6]]}}""");
        assertEquals(
                List.of(0.002, 0.004, 0.006),
                ResultFile.read(file).measurements().getFirst().samples());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "{}",
                "[1]",
                "[{}]",
                "[{\"benchmark\":\"a.b\"}]",
                "[{\"benchmark\":\"a.b\",\"primaryMetric\":{}}]",
                "[{\"benchmark\":\"a.b\",\"primaryMetric\":{\"scoreUnit\":\"ops/s\",\"rawData\":[]}}]",
                "[{\"benchmark\":\"a.b\",\"primaryMetric\":{\"scoreUnit\":\"ops/s\",\"rawData\":[[\"NaN\"]]}}]",
                "[{\"benchmark\":\"a.b\",\"primaryMetric\":{\"scoreUnit\":\"ops/s\",\"rawData\":[[-1]]}}]",
                "[{\"benchmark\":\"a.b\",\"primaryMetric\":{\"scoreUnit\":\"apples\",\"rawData\":[[1]]}}]",
                "[] []"
            })
    void namesAMalformedFile(String content) throws IOException {
        Path file = Files.writeString(folder.resolve("broken.json"), content);
        ReportException e = assertThrows(ReportException.class, () -> BenchmarkReport.of(file, Optional.empty()));
        assertTrue(String.valueOf(e.getMessage()).startsWith(file.toString()), e.getMessage());
    }

    /** Any cut of a good file is refused by name, or read; nothing else happens. */
    @Test
    void survivesTruncation() throws IOException {
        String whole = Files.readString(sweep());
        for (int length = 0; length < whole.length(); length += 97) {
            Path file = Files.writeString(folder.resolve("cut.json"), whole.substring(0, length));
            ReportException e = assertThrows(ReportException.class, () -> ResultFile.read(file));
            assertTrue(String.valueOf(e.getMessage()).contains("cut.json"), e.getMessage());
        }
    }

    @Test
    void namesAMissingFile() {
        Path file = folder.resolve("nowhere.json");
        ReportException e = assertThrows(ReportException.class, () -> BenchmarkReport.of(file, Optional.empty()));
        assertEquals("%s: no such file".formatted(file), e.getMessage());
    }

    @Test
    void labelsTicksInWords() {
        assertEquals(
                List.of("0.001", "0.25", "1", "1000", "16.4K", "1M"),
                DoubleStream.of(0.001, 0.25, 1, 1000, 16_384, 1e6)
                        .mapToObj(Plot::label)
                        .toList());
        assertEquals(
                List.of("0.1", "0.2", "", "0.5", "", "1.14", "20K", ""),
                DoubleStream.of(0.1, 0.2, 0.3, 0.5, 0.9, 1.14, 20_000, 30_000)
                        .mapToObj(Plot::logarithmicLabel)
                        .toList());
        assertEquals(
                List.of("0.1", "", "", "1", "10K", ""),
                DoubleStream.of(0.1, 0.2, 0.5, 1, 10_000, 20_000)
                        .mapToObj(Plot::decadeLabel)
                        .toList());
        assertEquals("1.500 ms", ReportPage.time(measured(List.of(1.5e-3))));
    }
}
