/** One of the code's pictures: its drawing in the Noto set, and the name that people read aloud. */
export interface Picture {
	readonly noto: string;
	readonly de: string;
	readonly en: string;
}

const picture = (noto: string, de: string, en: string): Picture => ({ noto, de, en });

/**
 * The 64 pictures of version 1 of the code, in the order that its six-bit indices name. The order is part of the handshake: two sides
 * with different lists would see different pictures in an honest call. So this list is never changed; a new list is a new version.
 */
export const pictures: readonly Picture[] = [
	picture("dog-face", "Hund", "Dog"),
	picture("cat-face", "Katze", "Cat"),
	picture("lion", "Löwe", "Lion"),
	picture("pig-face", "Schwein", "Pig"),
	picture("elephant", "Elefant", "Elephant"),
	picture("rabbit-face", "Hase", "Rabbit"),
	picture("rooster", "Hahn", "Rooster"),
	picture("penguin", "Pinguin", "Penguin"),
	picture("fish", "Fisch", "Fish"),
	picture("octopus", "Krake", "Octopus"),
	picture("snail", "Schnecke", "Snail"),
	picture("turtle", "Schildkröte", "Turtle"),
	picture("frog", "Frosch", "Frog"),
	picture("owl", "Eule", "Owl"),
	picture("cactus", "Kaktus", "Cactus"),
	picture("mushroom", "Pilz", "Mushroom"),
	picture("evergreen-tree", "Tanne", "Fir tree"),
	picture("palm-tree", "Palme", "Palm tree"),
	picture("sunflower", "Sonnenblume", "Sunflower"),
	picture("crescent-moon", "Mond", "Moon"),
	picture("star", "Stern", "Star"),
	picture("cloud", "Wolke", "Cloud"),
	picture("fire", "Feuer", "Fire"),
	picture("rainbow", "Regenbogen", "Rainbow"),
	picture("snowman", "Schneemann", "Snowman"),
	picture("volcano", "Vulkan", "Volcano"),
	picture("banana", "Banane", "Banana"),
	picture("red-apple", "Apfel", "Apple"),
	picture("strawberry", "Erdbeere", "Strawberry"),
	picture("lemon", "Zitrone", "Lemon"),
	picture("pineapple", "Ananas", "Pineapple"),
	picture("carrot", "Karotte", "Carrot"),
	picture("pizza", "Pizza", "Pizza"),
	picture("birthday-cake", "Torte", "Cake"),
	picture("cheese-wedge", "Käse", "Cheese"),
	picture("anchor", "Anker", "Anchor"),
	picture("bicycle", "Fahrrad", "Bicycle"),
	picture("rocket", "Rakete", "Rocket"),
	picture("airplane", "Flugzeug", "Aeroplane"),
	picture("sailboat", "Segelboot", "Sailboat"),
	picture("locomotive", "Lokomotive", "Locomotive"),
	picture("tractor", "Traktor", "Tractor"),
	picture("house", "Haus", "House"),
	picture("tent", "Zelt", "Tent"),
	picture("castle", "Burg", "Castle"),
	picture("key", "Schlüssel", "Key"),
	picture("hammer", "Hammer", "Hammer"),
	picture("scissors", "Schere", "Scissors"),
	picture("umbrella", "Schirm", "Umbrella"),
	picture("light-bulb", "Glühbirne", "Light bulb"),
	picture("bell", "Glocke", "Bell"),
	picture("guitar", "Gitarre", "Guitar"),
	picture("trumpet", "Trompete", "Trumpet"),
	picture("drum", "Trommel", "Drum"),
	picture("candle", "Kerze", "Candle"),
	picture("glasses", "Brille", "Glasses"),
	picture("crown", "Krone", "Crown"),
	picture("top-hat", "Hut", "Hat"),
	picture("robot", "Roboter", "Robot"),
	picture("alarm-clock", "Wecker", "Alarm clock"),
	picture("trophy", "Pokal", "Trophy"),
	picture("red-heart", "Herz", "Heart"),
	picture("soccer-ball", "Fußball", "Football"),
	picture("wrapped-gift", "Geschenk", "Gift"),
];

/** Where the build puts a picture, relative to the page's base. */
export function pictureFile(index: number): string {
	return `assets/code/1/${String(index).padStart(2, "0")}.svg`;
}
