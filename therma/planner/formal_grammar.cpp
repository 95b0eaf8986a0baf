// SPDX-License-Identifier: Apache-2.0
// Rows of the grammar. Words are folded; the longest match wins, then the earlier row.
#include "therma/planner/formal_grammar.hpp"

#include <algorithm>
#include <array>

namespace therma::planner {
namespace {

using enum FactKind;

constexpr Production kProductions[] = {
    {"task",
     "zadan* | zadani* | zlecen* | czynnosc* | operacj* | prac | prace | task | tasks | job | jobs "
     "| "
     "operation* | activit* | orders | item | items | etap* | krok | kroki | krokow | step | "
     "steps"},
    {"machine",
     "maszyn* | stanowisk* | urzadzen* | machine | machines | workstation* | station | stations | "
     "device | devices"},
    {"kind",
     "niezalezn* | independent | identical | jednakow* | identyczn* | roznych | different | equal "
     "| "
     "parallel | rownolegl* | roboczych | similar | podobnych | takich samych | takie same | "
     "oddzieln* | separate | small | malych | large | duzych"},
    {"each", "kazd* | each | every | all | wszystk* | apiece | per <task> | any"},
    {"takes",
     "trwa* | potrwa | zajmuj* | zajmie | zajac | zajma | wymaga* | potrzebuj* | takes | take | "
     "taking | ( is | are )? ( processed | baked | cooked | cured | dried | fired | washed ) for | "
     "piecze | pieka | schnie | schna | gotuje | suszy | "
     "lasts | last | lasting | requires | require | requiring | needs | need | needing | of | po | "
     "czas trwania | czas wykonania | czas obrobki | o dlugosci | o czasie trwania | dlugosc | "
     "duration | processing time | runs for | run for | will take | is | are | long | dlugosci"},
    {"each_after", "each | apiece | kazd* | long | dlugo | per <task>"},
    {"done",
     "( sie )? ( skonczy* | skonczon* | skonczyc | zakonczy* | zakonczon* | zakonczeniu | gotowe | "
     "gotowy | gotowa | gotowych | gotowi | koniec | finishing | ending | completing | "
     "zrobion* | wykonan* | ukonczon* | konczy* | konczyc | zakonczyc | finish | finishes | "
     "finished | "
     "ends | end | done | complete | completed | completes | ready | over | delivered )"},
    {"begin",
     "start | starts | started | starting | begin | begins | beginning | zaczyna* | zaczac | "
     "zacznie | "
     "rozpocz* | rozpoczyna* | ruszyc | rusza | ruszy | wystart* | startuj* | perform* | performed "
     "| "
     "happen* | happens | executed | wykonac | wykonywa* | wykonan* | robic | robion* | zrobic | "
     "nastapic | "
     "odbyc | odbywa* | come | comes | coming | go | goes | isc | idzie | done | run | runs | "
     "processed | "
     "made | scheduled | realizowa* | produced | used | worked | przetwarza* | obrabia* | biec"},
    {"after",
     "( dopiero | tylko | only | strictly | scisle )? ( po | after | nastepuje po | nastepuja po | "
     "follows | "
     "follow | following ) ( zakonczeniu | ukonczeniu | skonczeniu | wykonaniu | the end of | end "
     "of | finishing | "
     "completion of | completing | finish of | tym jak | tym gdy )?"},
    {"before",
     "( przed | before | poprzedza* | precedes | precede | preceding | prior to | ahead of | zanim "
     ") "
     "( rozpoczeciem | poczatkiem | startem | starting | start of )?"},
    {"atleast",
     "co najmniej | przynajmniej | at least | minimum | minimalnie | nie wczesniej niz | "
     "najwczesniej | "
     "not earlier than | no earlier than | no sooner than | not sooner than | not less than | "
     "dopiero"},
    {"not", "nie | not | never | cannot | cant | mustnt | shouldnt | nigdy | dont | doesnt | wont"},
    {"only", "tylko | wylacznie | jedynie | only | exclusively | solely"},
    {"by",
     "do | przed | najpozniej ( do | o )? | nie pozniej niz ( do | o )? | by | before | until | "
     "till | no later than | "
     "not later than | at the latest ( by | at )? | max do | maksymalnie do | deadline ( at | by | "
     "of )? | "
     "due ( by | at | before )? | termin* ( do | o | to )? | z terminem ( do )?"},
    {"due", "deadline* | termin* | due"},
    {"notbefore",
     "od | nie wczesniej niz | nie przed | najwczesniej ( o | od )? | dopiero ( od | o | po )? | "
     "po | from | not before | "
     "no earlier than ( at )? | not earlier than ( at )? | after | available from | available at | "
     "available after | "
     "earliest ( at )? | at the earliest ( at )? | "
     "starting from | starting at | starting after | ready at | released at | release at | release "
     "time | "
     "dostepn* od | no sooner than | not until | only from | only after | tylko od | only at"},
    {"works",
     "pracowac | pracuj* | pracy | dostepn* | dzial* | czynn* | uzywa* | works | work | working | "
     "runs | run | running | "
     "available | availability | operate | operates | operating | open | active | usable | up | "
     "chodzi | otwart* | przyjmuj* | shift"},
    {"closed",
     "<not> <works> | niedostepn* | nieczynn* | unavailable | down | broken | wylaczon* | off | "
     "closed | busy | zajet* | przerw* | ma przerwe | serwis* | konserwacj* | maintenance | awari* "
     "| out of service | break | zamkniet* | offline | stoi | stoja"},
    {"workhours",
     "godziny pracy | praca | pracujemy | pracuje sie | working hours | working time | opening "
     "hours | business hours | "
     "we work | work | we run | we operate | we are open | we open | hours | zmiana | shift | "
     "warsztat | "
     "jestesmy czynni | otwarte | otwarcie | dzialamy"},
    {"needs",
     "wymaga* | potrzeb* | needs | need | requires | require | uses | use | using | zuzywa* | "
     "uzywa* | "
     "zajmuj* | takes | take | occupies | potrzebne | potrzebuje | demands | needing | requiring"},
    {"available",
     "dostepn* | available | do dyspozycji | mamy | mam | jest | sa | we have | i have | there are "
     "| there is | "
     "have | total of | limit | w sumie | posiadam* | tylko | only | in total"},
    {"prefer",
     "najlepiej | preferowan* | preferuj* | preferably | preferred | prefers | prefer | ideally | "
     "chetnie | wolal* | "
     "best | wskazan* | woli | raczej"},
    {"first",
     "najpierw | first | firstly | w pierwszej kolejnosci | na poczatku | na poczatek | zacznij od "
     "| zaczynamy od | start with | "
     "begin with | na start"},
    {"then",
     "potem | nastepnie | pozniej | then | next | afterwards | dalej | > | after that | po tym | a "
     "potem | followed by | subsequently | w dalszej kolejnosci"},
    {"last",
     "na koncu | na koniec | finally | lastly | last | wreszcie | at the end | ostatecznie | w "
     "ostatniej kolejnosci"},
    {"minimise",
     "minimaliz* | zminimaliz* | minimize | minimise | minimizing | minimising | skroc* | reduce | "
     "jak najmniejsz* | "
     "minimaln* | minimal | minimum | unikaj | unikac | ogranicz* | keep low | avoid | cel | goal "
     "| objective | celem | optymalizuj | optimize | optimise"},
    {"span",
     "czas* zakonczenia ( wszystkich <task> | wszystkiego | calosci | ostatniego <task> | prac* )? "
     "| "
     "czas* realizacji ( wszystkich <task> | calosci )? | ( laczny | calkowity ) czas* ( pracy | "
     "trwania | wykonania )? ( wszystkich <task> | calosci )? | makespan | "
     "( total | overall )? ( completion | finish | finishing | end ) time ( of all <task> | of "
     "everything | of the last <task> | of <task> )? | "
     "( total | overall ) ( time | duration ) ( of all <task> )? | czas* wykonania ( wszystkich "
     "<task> | wszystkiego | calosci )? | "
     "when the last <task> finishes | dlugosc harmonogramu | schedule length | length of the "
     "schedule"},
    {"asap",
     "jak najszybciej | najszybciej jak sie da | mozliwie ( jak )? najszybciej | jak najwczesniej "
     "| mozliwie najwczesniej | as soon as possible | "
     "as early as possible | as quickly as possible | as fast as possible | asap | "
     "najkrotsz* ( mozliw* )? ( czas* | harmonogram* | plan* )? | shortest possible ( schedule | "
     "time )? | shortest ( schedule | time | plan ) | earliest possible ( finish | completion | "
     "end )? | "
     "earliest ( finish | completion ) ( time )? | w najkrotszym ( mozliwym )? czasie | jak "
     "najkrocej | mozliwie krotk* | in the shortest ( possible )? time | in the least time"},
    {"late", "spoznien* | opoznien* | tardiness | lateness | delay | delays | being late"},
    {"atmost",
     "no later than | not later than | no more than | not more than | at most | within | up to | "
     "nie pozniej niz | najpozniej | co najwyzej | najwyzej | w ciagu | nie dluzej niz | "
     "maksymalnie | max"},
    {"daily", "codziennie | daily | dziennie | every day | each day | kazdego dnia | co dzien"},
    {"rest", "pozostal* | reszt* | inne | rest | remaining | others | other"},
};

constexpr Rule kRules[] = {
    // Longest gaps: only least ones can be stated.
    {unsupported, "( $tasks )? ( <done> | <begin> )? <atmost> $dur <after> $obj <done>?"},
    {unsupported, "( $tasks )? ( <done> | <begin> )? <atmost> $dur <before> $obj <begin>?"},
    {unsupported, "( $tasks )? ( <done> | <begin> )? within $dur of $obj"},
    // Tasks and how long they take.
    {task_group,
     "$count <kind>? <task> ( , | i | and )? ( which | that | ktore | <each> ( one | of them | "
     "<task> | z nich )? )? <takes>? $dur <each_after>?"},
    {task_group, "$count $dur <kind>? ( long )? <task>"},
    {task_group, "$count <takes> $dur <each_after>?"},
    {task_count, "$count <kind>? <task>"},
    {task_count, "<task> : $count"},
    {task_count, "<task> ( sa | jest | are ) $count"},
    {task_count, "jest <task> $count"},
    {task_count, "liczba zadan $count"},
    {task_count, "number of tasks $count"},
    {duration, "$tasks <takes>? $dur <each_after>?"},
    {duration,
     "<takes>? ( czas trwania | czas wykonania | duration | duration of | dlugosc ) $tasks $dur"},
    {durations_each,
     "( czasy | durations | times | lengths | dlugosci ) ( trwania | wykonania | obrobki )? "
     "<takes>? "
     "( odpowiednio | respectively )? $durs ( odpowiednio | respectively )?"},
    {durations_each, "<takes>? ( odpowiednio | respectively ) $durs"},
    {durations_each, "$durs ( odpowiednio | respectively )"},
    {durations_each,
     "$tasks <takes>? ( odpowiednio | respectively )? $durs ( odpowiednio | respectively )?"},
    {duration, "$dur ( of | for | na ) $obj"},
    {duration, "$dur !$obj"},
    {duration, "$dur ( trwa | zajmuje | zajmie | potrwa ) $obj"},
    {duration, "<takes> $dur <each_after>?"},
    {duration, "$dur <each_after>?"},
    {duration_bare, "$tasks ( trwa* | zajmuje | takes | take | lasts | is )? $bare"},
    // Machines.
    {machine_count,
     "( na | on | for | with | using | across | mamy | have )? $count <kind>? <machine>"},
    {machine_count, "<machine> : $count"},
    {machine_count, "<machine> ( sa | jest | are ) $count"},
    {machine_count, "liczba maszyn $count"},
    {machine_count, "number of machines $count"},
    {machine_count,
     "( na | on | for | with | using | across )? $count <kind>? <machine> ( called | named | "
     "nazwan* | o nazwach | : )? $machines"},
    {windows, "( na | on )? $machines <only>? <works>? <only>? $windows <works>?"},
    {windows, "$machines <daily> <works>? $windows", 1},
    {windows, "$machines <works>? <daily> $windows", 1},
    {windows, "$machines <works>? $windows <daily>", 1},
    {windows, "<workhours> <works>? $windows"},
    {windows, "<daily> <workhours> <works>? $windows", 1},
    {windows, "<workhours> <works>? <daily> $windows", 1},
    {windows, "<workhours> <works>? $windows <daily>", 1},
    {open_until, "<workhours> <works>? ( do | until | till ) $clock"},
    {open_from, "<workhours> <works>? ( od | from ) $clock"},
    {windows, "<works> $windows"},
    {windows, "^ $windows", kExplicit},
    {windows, "$windows", kBesideMachines},
    {windows, "<daily> $windows", 1},
    {windows, "$windows <daily>", 1},
    {windows, "<works> $windows <daily>", 1},
    {closed, "$machines <closed> ( w | for )? $windows"},
    {open_until, "$machines <closed> ( po | od | after | from | past | since ) $clock"},
    {open_from, "$machines <closed> ( do | przed | before | until | till ) $clock"},
    {closed,
     "( przerwa na | przerwa | serwis | konserwacja | maintenance of | maintenance on | service of "
     ") $machines $windows"},
    {open_from,
     "$machines <works>? ( od | from | after | po | starting | starting at | dopiero od | only "
     "from ) $clock ( onwards | on )?"},
    {open_until, "$machines <works>? ( do | until | till | by | tylko do | only until ) $clock"},
    {speed_times,
     "$machines ( dwa razy | dwukrotnie | 2x | twice | two times | podwojnie ) ( szybsz* | faster "
     "| szybciej | as fast | quicker ) ( ( niz | od | than | as | jak ) $machines )?",
     2},
    {speed_times,
     "$machines ( trzy razy | trzykrotnie | three times | thrice ) ( szybsz* | faster | szybciej | "
     "as fast | quicker ) ( ( niz | od | than | as | jak ) $machines )?",
     3},
    {speed_times,
     "$machines $number ( razy | times | x | krotnie ) ( szybsz* | faster | szybciej | as fast | "
     "quicker ) ( ( niz | od | than | as | jak ) $machines )?"},
    {speed_divided,
     "$machines ( dwa razy | dwukrotnie | 2x | twice | two times | o polowe ) ( wolniejsz* | "
     "wolniej | slower | as slow ) ( ( niz | od | than | as | jak ) $machines )?",
     2},
    {speed_divided,
     "$machines <works>? ( at )? ( half as fast | half the speed | half speed ) ( ( of | as | than "
     ") $machines )?",
     2},
    {speed_divided,
     "$machines $number ( razy | times | x | krotnie ) ( wolniejsz* | wolniej | slower | as slow ) "
     "( ( niz | od | than | as | jak ) $machines )?"},
    {speed_percent,
     "$machines ( o | by )? $percent ( szybsz* | szybciej | faster | quicker ) ( ( niz | od | than "
     ") $machines )?",
     1},
    {speed_percent,
     "$machines ( o | by )? $percent ( wolniejsz* | wolniej | slower ) ( ( niz | od | than ) "
     "$machines )?",
     -1},
    {speed_set,
     "$machines ( has | ma | <works> | at )? ( speed | predkosc* | szybkosc* | z predkoscia | at "
     "speed ) ( of | : )? $number"},
    // Order.
    {after, "$tasks <only>? <begin>? <after> $obj <done>?"},
    {after,
     "$tasks ( wait | waits | waiting | czeka* | odczeka* ) <atleast>? $dur <after> $obj <done>?"},
    {after,
     "$tasks ( <not> ) <begin>? ( until | before | przed | zanim | dopoki | poki | az | unless ) ( "
     "koncem | zakonczeniem | ukonczeniem | the end of | nie )? <done>? $obj <done>?"},
    {after,
     "$tasks ( <not> ) <begin>? , ( until | before | zanim | dopoki | poki ) ( nie )? <done>? $obj "
     "<done>?"},
    {after,
     "<not> <begin>? ( until | before | przed | zanim | dopoki | poki | az | unless ) ( koncem | "
     "zakonczeniem | ukonczeniem | the end of | nie )? <done>? $obj <done>?"},
    {after,
     "<not> <begin>? , ( until | before | zanim | dopoki | poki ) ( nie )? <done>? $obj <done>?"},
    {after, "$tasks <begin>? ( once | when | gdy | kiedy ) <done>? $obj <done>"},
    {after,
     "$tasks ( depends on | depend on | zalezy od | zaleza od | requires | require | wymaga | "
     "wymagaja | needs | waits for | wait for | czeka na | czekaja na ) <done>? ( zakonczenia | "
     "ukonczenia | skonczenia | wykonania )? $obj <done>?"},
    {after, "$tasks <begin>? <atleast> $dur <after> $obj <done>?"},
    {after, "$tasks <begin> $dur <after> $obj <done>?"},
    {after,
     "$tasks <begin>? <after> $obj <done>? ( , | i | and )? ( with | z | after | po )? <atleast>? "
     "( przerwa | przerwie | przerwy | odstep* | gap | delay | break | pause )? ( of )? $dur ( "
     "przerw* | gap | later | delay | break | odstep* | pozniej | pause )"},
    {after,
     "$tasks <begin>? <after> $obj <done>? ( , )? ( with | z )? <atleast>? ( przerwa | przerwie | "
     "przerwy | odstep* | gap | delay | break | pause ) ( of )? <atleast>? $dur"},
    {after, "( wait | waits | waiting | czeka* | odczeka* ) <atleast>? $dur <after> $obj <done>?"},
    {after, "<begin>? <after> $obj <done>?"},
    {after, "<begin>? <atleast> $dur <after> $obj <done>?"},
    {after_unclear, "$tasks <takes>? $dur <after> $obj <done>?"},
    {after_lead,
     "^ <after> $obj <done>? ( , )? ( then | nastepnie | comes | robimy | wykonaj | start | begin "
     ")? $tasks <begin>?"},
    {before, "$tasks <done>? <before> $obj <begin>?"},
    {before, "$tasks <done>? <before> <begin>? $obj <begin>?"},
    {before, "$tasks <done>? <atleast> $dur <before> $obj <begin>?"},
    {before, "<done>? <before> $obj <begin>?"},
    {before_lead,
     "^ <before> <begin>? $obj <begin>? ( , )? ( we | do | robimy )? <done>? $tasks <done>?"},
    {chain_first, "<first> ( <begin> | , )? $tasks"},
    {chain_first, "$tasks ( first | firstly | jako pierwsz* | najpierw | na poczatku )"},
    {chain_then, "<then> ( <begin> | , )? $tasks"},
    {chain_then, "<then> $dur ( of )? !$tasks"},
    {chain_then,
     "$tasks ( next | second | nastepnie | potem | jako drug* | third | jako trzeci* )"},
    {chain_last, "<last> ( <begin> | , )? $tasks"},
    {chain_last,
     "$tasks <begin>? ( last | na koncu | jako ostatni* | na koniec | at the end | at the very end "
     "| finally )"},
    {chain_last, "<begin>? <last>"},
    {in_order,
     "( w | in )? ( tej | takiej | podanej | that | this | the given | the same | ) ( kolejnosci | "
     "order | sequence )"},
    {in_order,
     "( kolejno | jeden po drugim | jedna po drugiej | one by one | one after another | jedno po "
     "drugim | one after the other | sequentially | po "
     "kolei )"},
    {in_order, "( kolejnosc | order | sequence ) $tasks"},
    // Deadlines and releases.
    {deadline, "$tasks <done>? <by> $clock"},
    {deadline, "$tasks <begin>? <by> $clock"},
    {deadline, "<done> $tasks <by> $clock"},
    {deadline, "<done>? <by> $clock"},
    {deadline_all,
     "^ ( <done> | skonczyc | koniec | zdazyc | zdaz | finish everything | all done | due | "
     "deadline | termin* ) ( <by> )? $clock"},
    {within,
     "$tasks <done>? ( w ciagu | within | in under | in at most | w maksymalnie | w czasie | nie "
     "dluzej niz | in less than | in no more than | under ) $dur"},
    {within,
     "<done>? ( w ciagu | within | in under | in at most | w maksymalnie | nie dluzej niz | in no "
     "more than ) $dur"},
    {release, "$tasks <only>? <begin>? <notbefore> $clock"},
    {release, "<begin>? <notbefore> $clock"},
    {release_all,
     "( zaczynamy | startujemy | rozpoczynamy | start pracy | poczatek pracy | poczatek | we start "
     "| we begin | start | work starts | work begins | everything starts | praca zaczyna sie | "
     "zaczynam ) ( o | od | at | from )? $clock"},
    {task_window, "$tasks <begin>? $windows"},
    // Which machine.
    {restrict,
     "$tasks <begin>? <only>? ( na | on | at | in | w | using | przez ) <only>? $machines"},
    {restrict, "$tasks <begin>? <only> $machines"},
    {restrict, "<begin>? <only>? ( na | on | at | in | w | using ) <only>? $machines"},
    {restrict, "<only> $machines"},
    {forbid, "$tasks <not> <begin>? ( na | on | at | in | w | using )? $machines"},
    {forbid,
     "$tasks <begin>? ( na | on )? ( <each> | dowoln* | any )? <machine>? ( oprocz | except | poza "
     "| but | except for | z wyjatkiem ) ( not )? ( na | on )? $machines"},
    {forbid, "<not> <begin>? ( na | on ) $machines"},
    {prefer, "$tasks <begin>? <prefer> <begin>? ( na | on | at | in | w | using )? $machines"},
    {prefer,
     "$tasks <begin>? ( na | on ) $machines ( <prefer> | if possible | jesli mozna | jesli to "
     "mozliwe | jesli sie da | w miare mozliwosci )"},
    {prefer, "<prefer> <begin>? ( na | on | at ) $machines"},
    {prefer, "( <machine> )? $machines <prefer> ( for | dla ) $tasks"},
    {noise,
     "$tasks <begin>? <not>? ( na | on )? ( dowoln* | kazd* | any | all of the | all | wszystk* | "
     "either | jednej z | one of the ) <machine>"},
    {noise, "( na | on ) ( dowoln* | kazd* | any | wszystk* | either ) <machine>"},
    {machine_only,
     "( na | on )? $machines ( wykonuj* | wykonywac | does | do | handle | handles | run | runs | "
     "process | processes | robi | robic | obslug* | perform | performs | accept | accepts )? "
     "<only> ( wykonuj* | does | do | handle | handles | robi | for | do )? $obj"},
    {machine_not,
     "$machines <not> ( wykonuj* | wykonywac | do | handle | run | process | robi | robic | "
     "obslug* | perform | accept )? $obj"},
    // Shared resources.
    {demand, "$tasks <needs> $count $resource"},
    {demand, "$tasks $count $resource"},
    {demand, "<needs> $count $resource ( <each_after> )?"},
    {demand, "<each> <needs> $count $resource"},
    {demand, "$count $resource ( per | na kazde | na ) <task>"},
    {capacity, "( przez | by | among )? <available>? $count $resource <available>?"},
    // What counts.
    {minimise_makespan, "<minimise>? <span>"},
    {minimise_makespan, "<minimise> ( czas | czasu | time )", kReadAsMakespan},
    {minimise_makespan,
     "( <done> | wszystko | everything | skonczyc | finish )? ( wszystko | everything | all <task> "
     "| calosc | wszystkie <task> )? <asap>"},
    {minimise_tardiness,
     "<minimise>? ( total | sum of | sume | laczne | suma | calkowite | weighted | wazone )? "
     "<late> ( of ( all )? <task> | zadan | zlecen | wszystkich <task> )?"},
    {minimise_tardiness, "( bez | no ) <late>"},
    {weight, "$tasks ( ma | has )? ( wage | waga | weight ) ( of | : )? $number"},
    {task_mention, "$tasks"},
    {machine_mention, "( na | on | across | using )? $machines"},
    {noise, "( <each> )? <task> <kind>"},
    {noise, "( <task> | <machine> )"},
};

constexpr std::array kWarningWords =
    std::to_array<std::string_view>({"jutro",        "jutra",         "wczoraj",
                                     "tomorrow",     "monday",        "tuesday",
                                     "wednesday",    "thursday",      "friday",
                                     "saturday",     "sunday",        "poniedzialek",
                                     "wtorek",       "sroda",         "srode",
                                     "czwartek",     "piatek",        "sobota",
                                     "sobote",       "niedziela",     "niedziele",
                                     "same",         "sam",           "sama",
                                     "razem",        "together",      "simultaneously",
                                     "rownoczesnie", "jednoczesnie",  "parallel",
                                     "immediately",  "natychmiast",   "zaraz",
                                     "bezposrednio", "directly",      "right",
                                     "unless",       "chyba",         "if",
                                     "jesli",        "jezeli",        "either",
                                     "except",       "oprocz",        "kilka",
                                     "several",      "few",           "some",
                                     "wiele",        "many",          "never",
                                     "nigdy",        "niz",           "than",
                                     "setup",        "przezbrojenie", "przezbrojenia",
                                     "changeover",   "koszt",         "koszty",
                                     "cost",         "costs",         "energy",
                                     "energie",      "priorytet",     "priority",
                                     "pilne",        "urgent",        "or",
                                     "lub",          "albo",          "ani",
                                     "nor",          "most",          "najwyzej",
                                     "naraz",        "maks",          "przerwa",
                                     "przerwy",      "przerwe",       "lunch",
                                     "odstep"});

}  // namespace

std::span<const Production> grammar_productions() { return kProductions; }
std::span<const Rule> grammar_rules() { return kRules; }

bool is_warning_word(std::string_view folded) {
  return std::ranges::find(kWarningWords, folded) != kWarningWords.end();
}

}  // namespace therma::planner
